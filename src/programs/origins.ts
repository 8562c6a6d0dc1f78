import { describeObject } from "../diagnostics/diagnostic.ts";
import { at, originOf, type Place } from "../diagnostics/place.ts";
import type { LineOrigin } from "../ir/artifact.ts";
import { placeOfEndpoint } from "../model/objects/endpoint-slice.ts";
import type { ServiceCidr } from "../model/objects/service-cidr.ts";
import type { Endpoint, ServicePortPlan } from "../plan/forwarding/forwarding-plan.ts";

/** The object and field that a line comes from. */
export interface Cause {
  /** Computed only when a line's origin is needed: most runs never need one. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly field: string;
  readonly place: Place | undefined;
}

/** The origin of what always exists, whatever the objects. */
export const always: Cause = { kind: "kube-proxy", namespace: "", name: "", field: "", place: undefined };

/** A field of the Service, such as `spec.sessionAffinity`. */
export function serviceCause({ service }: ServicePortPlan, field: string, place?: Place): Cause {
  const { namespace, name } = service;
  return { kind: "Service", namespace, name, field, place: place ?? placeOfField(service.place, field) };
}

/** A field of the Service's port. */
export function portCause(plan: ServicePortPlan, field: string): Cause {
  const { place } = plan.port;
  return serviceCause(plan, `spec.ports[${place.key}].${field}`, at(place, field));
}

export function endpointCause({ slice, entry }: Endpoint): Cause {
  const { source: kind, namespace, name } = slice;
  const field = slice.source === "EndpointSlice" ? `endpoints[${entry.index}].addresses[0]` : "subsets";
  return { kind, namespace, name, field, place: placeOfEndpoint(slice, entry) };
}

function placeOfField(object: Place, field: string): Place {
  return field.split(".").reduce((place: Place, key) => at(place, key), object);
}

/** The cause of a line of a step's text, counted from 1. */
export function lineOrigin(line: number, cause: Cause): LineOrigin {
  const { object, field, document, path } = interned(cause);
  return { line, object, field, document, path };
}

/** Many lines share an origin, which is computed once. */
const known = new WeakMap<Cause, Omit<LineOrigin, "line">>();

function interned(cause: Cause): Omit<LineOrigin, "line"> {
  const before = known.get(cause);
  if (before !== undefined) return before;
  const { kind, namespace, name, field, place } = cause;
  const origin = place === undefined ? undefined : originOf(place);
  const object = describeObject(kind, namespace, name);
  const made = { object, field, document: origin?.document, path: origin?.path ?? [] };
  known.set(cause, made);
  return made;
}

/** The text of a step, with the origin of each rule when these were kept. */
export interface AssembledText {
  readonly text: Uint8Array;
  readonly origins: readonly LineOrigin[] | undefined;
}

/** The input of every mode besides the plan. */
export interface LowerOptions {
  /** Keep the origin of every rule; costs memory on large clusters. */
  readonly origins: boolean;
  /**
   * With origins: only the lines that always exist and those of these objects. The others are blank, so that the lines
   * keep their numbers; the text is for people then, and not for a host.
   */
  readonly only?: OnlyOf | undefined;
}

/** Selects objects. */
export type OnlyOf = (object: Pick<Cause, "kind" | "namespace" | "name">) => boolean;

/** What is lowered, with the origin of what comes next. */
export interface OriginKeeper {
  readonly keepsOrigins: boolean;
  readonly only: OnlyOf | undefined;
  /** Undefined where it is not asked for. */
  cause: Cause | undefined;
}

/** Sets a field of the Service as the origin of what comes next. Costs nothing when origins are not kept. */
export function setOrigin(keeper: OriginKeeper, plan: ServicePortPlan, field: string, place?: Place): void {
  if (!keeper.keepsOrigins) return;
  keeper.cause = isAskedFor(keeper, plan) ? serviceCause(plan, field, place) : undefined;
}

/** The same for a field of the Service's port. */
export function setPortOrigin(keeper: OriginKeeper, plan: ServicePortPlan, field: string): void {
  if (!keeper.keepsOrigins) return;
  keeper.cause = isAskedFor(keeper, plan) ? portCause(plan, field) : undefined;
}

/** The same for an endpoint. */
export function setEndpointOrigin(keeper: OriginKeeper, endpoint: Endpoint): void {
  if (!keeper.keepsOrigins) return;
  const { source: kind, namespace, name } = endpoint.slice;
  const isAsked = keeper.only?.({ kind, namespace, name }) ?? true;
  keeper.cause = isAsked ? endpointCause(endpoint) : undefined;
}

/** The same for a ServiceCIDR. */
export function setServiceCidrOrigin(keeper: OriginKeeper, { name, place: object }: ServiceCidr): void {
  if (!keeper.keepsOrigins) return;
  const place = at(at(object, "spec"), "cidrs");
  const cause: Cause = { kind: "ServiceCIDR", namespace: "", name, field: "spec.cidrs", place };
  keeper.cause = keeper.only?.(cause) === false ? undefined : cause;
}

function isAskedFor({ only }: OriginKeeper, { service: { namespace, name } }: ServicePortPlan): boolean {
  return only?.({ kind: "Service", namespace, name }) ?? true;
}
