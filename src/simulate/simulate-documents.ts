import { createSink, createSubject, type Sink } from "../diagnostics/diagnostic.ts";
import { type Origin, originOf } from "../diagnostics/place.ts";
import { applyOverlay } from "../model/documents/apply-overlay.ts";
import { checkEndpointsStay, serviceOfEndpoints } from "../model/documents/check-endpoints-stay.ts";
import { isRecord } from "../model/fields/fields.ts";
import { type DocumentRoles, flattenDocuments, type InputObject } from "../model/flatten-documents.ts";
import type { Allocations } from "./allocate.ts";
import { type GivenObject, sortGiven } from "./draft.ts";
import type { SimulateOptions } from "./options.ts";
import { recomputeEndpoints, simulateObjects } from "./simulate-objects.ts";
import type { Value } from "./values.ts";

export interface SimulateRequest {
  readonly roles: DocumentRoles;
  /** Undefined: no simulation. */
  readonly options: SimulateOptions | undefined;
  readonly held: Allocations;
}

export interface SimulatedDocuments {
  /** The documents under their numbers, completed. */
  readonly documents: readonly unknown[];
  readonly invented: readonly { readonly value: Value; readonly origin: Origin | undefined }[];
  readonly held: Allocations;
  /** `shop/web` of Services whose slices were outdated by an overlay and have been recomputed. */
  readonly recomputed: ReadonlySet<string>;
}

/** Simulates the state in documents, with overlays applied; every object keeps its place. */
export function simulateDocuments(
  documents: readonly unknown[],
  { roles, options, held }: SimulateRequest,
  sink: Sink,
): SimulatedDocuments {
  // Problems of the documents are reported later, when they are parsed.
  const silent = createSink();
  const objects = applyOverlay(flattenDocuments(documents, silent), roles, silent);
  const stale = staleOf(documents, objects, roles);
  // Without options only the endpoints that an overlay has outdated are recomputed.
  const simulation =
    options === undefined
      ? recomputeEndpoints(objects, stale, sink)
      : simulateObjects(objects, { options, held, stale, sink });
  const completed = [...documents];
  for (const [{ place }, value] of simulation.changed) {
    const { document, path } = originOf(place);
    completed[document] = replaceAt(completed[document], path, value);
  }
  for (const { place } of simulation.removed) {
    const { document, path } = originOf(place);
    completed[document] = replaceAt(completed[document], path, nothing);
  }
  const invented = simulation.invented.map(({ value, place }) => ({ value, origin: place && originOf(place) }));
  return { documents: completed, invented, held: simulation.held, recomputed: stale };
}

/** Replaces a removed object: it has no effect, and later objects of a List keep their indexes. */
const nothing = { apiVersion: "v1", kind: "List", items: [] };

function staleOf(
  documents: readonly unknown[],
  objects: readonly InputObject[],
  { overlaysFrom }: DocumentRoles,
): ReadonlySet<string> {
  if (overlaysFrom === undefined) return new Set();
  return staleEndpoints(objects, flattenDocuments(documents.slice(0, overlaysFrom), createSink()), overlaysFrom);
}

function replaceAt(within: unknown, [key, ...rest]: readonly (string | number)[], value: Value): unknown {
  if (key === undefined) return value;
  if (Array.isArray(within)) return within.with(Number(key), replaceAt(within[Number(key)], rest, value));
  const record = isRecord(within) ? within : {};
  return { ...record, [key]: replaceAt(record[key], rest, value) };
}

/**
 * The Services (`shop/web`) of an overlay whose endpoints would change in a cluster, because of another selector or
 * other target ports. Only if the state has pods of their namespace, and the overlay has no slices.
 */
export function staleEndpoints(
  objects: readonly InputObject[],
  below: readonly InputObject[],
  overlaysFrom: number,
): ReadonlySet<string> {
  const isAbove = ({ place }: InputObject): boolean => originOf(place).document >= overlaysFrom;
  const withEndpoints = new Set(objects.filter(isAbove).map(serviceOfEndpoints));
  const laid = sortGiven(objects);
  const namespaces = new Set(laid.Pod.map(({ namespace }) => namespace));
  const before = new Map(sortGiven(below).Service.map((service) => [service.key, service]));
  const isStale = ({ key, namespace, input }: GivenObject): boolean => {
    const old = before.get(key);
    if (old === undefined || !isAbove(input) || !namespaces.has(namespace)) return false;
    const sink = createSink();
    const report = sink.reporter(createSubject());
    checkEndpointsStay(input, old.input, withEndpoints, report);
    return sink.diagnostics.length > 0;
  };
  return new Set(laid.Service.filter(isStale).map(({ key }) => key));
}
