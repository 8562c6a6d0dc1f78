import { type Origin, originOf } from "../../diagnostics/place.ts";
import { isRecord } from "../../model/fields/fields.ts";
import type { InputObject } from "../../model/flatten-documents.ts";
import { readPodSources } from "../check/state/pod-sources.ts";
import { matches } from "../check/state/selected-pods.ts";
import type { KnownService } from "./service-filter.ts";

/** Whose the object at a place is, as `shop/web`; none of what belongs to no single Service. */
export type ObjectOwners = (origin: Origin) => readonly string[];

type Texts = Readonly<Record<string, string>>;

interface SelectingService extends KnownService {
  readonly labels: Texts;
  readonly selector: Texts;
}

/** The Services among the objects of an input, also those with errors. */
export function servicesInObjects(objects: readonly InputObject[]): readonly SelectingService[] {
  return objects.flatMap(({ kind, apiVersion, value }) => {
    if (kind !== "Service" || apiVersion !== "v1" || !isRecord(value.metadata)) return [];
    const { name, labels } = value.metadata;
    if (typeof name !== "string") return [];
    const selector = isRecord(value.spec) ? textsOf(value.spec.selector) : {};
    return [{ namespace: namespaceOf(value), name, labels: textsOf(labels), selector }];
  });
}

/** Slices say whose they are; pods, and what makes some, are of the Services that select them. */
export function createObjectOwners(objects: readonly InputObject[]): ObjectOwners {
  const byPlace = new Map(objects.map((object) => [keyOf(originOf(object.place)), object]));
  const services = servicesInObjects(objects).filter(({ selector }) => Object.keys(selector).length > 0);
  return (origin) => {
    const object = byPlace.get(keyOf(origin));
    return object === undefined ? [] : ownersOf(object, services);
  };
}

function ownersOf(object: InputObject, services: readonly SelectingService[]): readonly string[] {
  const { kind, value } = object;
  const { name, labels } = isRecord(value.metadata) ? value.metadata : {};
  const namespace = namespaceOf(value);
  if (kind === "Service" || kind === "Endpoints") return [`${namespace}/${String(name)}`];
  if (kind === "EndpointSlice") {
    const service = textsOf(labels)["kubernetes.io/service-name"];
    return service === undefined ? [] : [`${namespace}/${service}`];
  }
  return readPodSources([object]).flatMap((pod) =>
    services
      .filter((service) => service.namespace === namespace && matches(pod, service.selector))
      .map((service) => `${namespace}/${service.name}`),
  );
}

/** The object that a place is in: the document, or the item of a List. */
function keyOf({ document, path }: Origin): string {
  let length = 0;
  while (path[length] === "items" && typeof path[length + 1] === "number") length += 2;
  return [document, ...path.slice(0, length)].join(" ");
}

function namespaceOf({ metadata }: Readonly<Record<string, unknown>>): string {
  const namespace = isRecord(metadata) ? metadata.namespace : undefined;
  return typeof namespace === "string" && namespace !== "" ? namespace : "default";
}

function textsOf(map: unknown): Texts {
  if (!isRecord(map)) return {};
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
