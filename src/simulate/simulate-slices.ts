import { type Family, familyNames } from "../model/address.ts";
import { compareBytes, lookUp, type NameMap, namesIn } from "../model/fields/name-map.ts";
import type { SimulatedService } from "./complete-services.ts";
import { type Draft, type GivenObject, type GivenObjects, markFields } from "./draft.ts";
import { inventSlice, type PodFacts, podFacts, type SliceParts, serviceLabel, sliceParts } from "./make-slices.ts";
import { matchesLabels } from "./pods/matches-selector.ts";
import type { SimulatedNode } from "./simulate-nodes.ts";
import { recordOf, type Texts, textMapOf, textOf, type Value } from "./values.ts";

export interface SliceSource {
  readonly given: GivenObjects;
  readonly services: readonly SimulatedService[];
  readonly pods: readonly Value[];
  readonly nodes: readonly SimulatedNode[];
}

/** Makes the EndpointSlices of Services with a selector that have none in the input, and recomputes stale ones. */
export function simulateSlices({ given, services, pods, nodes }: SliceSource, draft: Draft): void {
  const own = slicesByService(given);
  const withEndpoints = new Set(given.Endpoints.map(({ key }) => key));
  const names = new Set(given.EndpointSlice.map(({ key }) => key));
  const byLabel = podsByLabel(pods);
  const nodesByName = new Map(nodes.map((node) => [node.name, node]));
  for (const service of services) {
    const { key, namespace } = service.given;
    const slices = own.get(key) ?? [];
    if (slices.length + Number(withEndpoints.has(key)) > 0 && !draft.stale.has(key)) {
      failGiven(slices, service, draft);
      continue;
    }
    const selector = textMapOf(service.spec.selector);
    if (service.spec.type === "ExternalName" || Object.keys(selector).length === 0) continue;
    const selected = selectPods(byLabel, namespace, selector);
    for (const family of service.families) {
      const parts = sliceParts(service, selected, { family, nodes: nodesByName });
      const old = slices.filter(({ input }) => input.value.addressType === familyNames[family]);
      putSlices(parts, { service, family, names, old }, draft);
    }
  }
}

function slicesByService({ EndpointSlice: slices }: GivenObjects): ReadonlyMap<string, readonly GivenObject[]> {
  const own = new Map<string, GivenObject[]>();
  for (const slice of slices) {
    const key = `${slice.namespace}/${slice.labels[serviceLabel]}`;
    const known = own.get(key);
    if (known === undefined) own.set(key, [slice]);
    else known.push(slice);
  }
  return own;
}

function failGiven(slices: readonly GivenObject[], { spec }: SimulatedService, draft: Draft): void {
  for (const { input } of slices) {
    const failed = failEndpoints(input.value, spec.publishNotReadyAddresses === true, draft);
    if (failed !== input.value) draft.changed.set(input, failed);
  }
}

interface SlicesOfFamily {
  readonly service: SimulatedService;
  readonly family: Family;
  readonly names: Set<string>;
  /** The given slices, which keep their names. */
  readonly old: readonly GivenObject[];
}

function putSlices(parts: readonly SliceParts[], { service, family, names, old }: SlicesOfFamily, draft: Draft): void {
  old.forEach(({ input }, index) => {
    const { ports, endpoints } = parts[index] ?? { ports: [], endpoints: [] };
    draft.changed.set(input, markFields({ ...input.value, ports, endpoints }, ["endpoints", "ports"]));
  });
  for (const part of parts.slice(old.length)) {
    const value = inventSlice(part, service, { family, names });
    draft.invented.push({ value, place: service.given.input.place });
  }
}

/** Pods by namespace and `label=value`. */
type PodsByLabel = NameMap<PodFacts[]>;

function selectPods(byLabel: PodsByLabel, namespace: string, selector: Texts): readonly PodFacts[] {
  const [first] = Object.entries(selector);
  const candidates = first === undefined ? [] : (lookUp(byLabel, namespace, first.join("=")) ?? []);
  return candidates.filter(({ labels }) => matchesLabels(labels, selector));
}

/** The pods that may be endpoints, sorted by name in natural order: of ten replicas, the tenth is the last. */
function podsByLabel(pods: readonly Value[]): PodsByLabel {
  const map: PodsByLabel = new Map();
  const order = new Intl.Collator("en", { numeric: true });
  const facts = pods.flatMap((pod) => podFacts(pod) ?? []);
  facts.sort((a, b) => order.compare(a.name, b.name) || compareBytes(a.name, b.name));
  for (const pod of facts) {
    const names = namesIn(map, pod.namespace);
    for (const label of Object.entries(pod.labels)) {
      const known = names.get(label.join("="));
      if (known === undefined) names.set(label.join("="), [pod]);
      else known.push(pod);
    }
  }
  return map;
}

/** A given slice while nodes and pods are down: their endpoints are not ready. The same object if none is down. */
export function failEndpoints(slice: Value, isPublishing: boolean, { settings: { fail } }: Draft): Value {
  if (fail.length === 0 || !Array.isArray(slice.endpoints)) return slice;
  let count = 0;
  const endpoints = slice.endpoints.map((endpoint: unknown) => {
    const { nodeName, targetRef, conditions } = recordOf(endpoint);
    const { kind, namespace, name } = recordOf(targetRef);
    const pod = kind === "Pod" ? [textOf(name), `${textOf(namespace) ?? ""}/${textOf(name) ?? ""}`] : [];
    if (![textOf(nodeName), ...pod].some((one) => one !== undefined && fail.includes(one))) return endpoint;
    count += 1;
    return { ...recordOf(endpoint), conditions: { ...recordOf(conditions), ready: isPublishing, serving: false } };
  });
  return count === 0 ? slice : markFields({ ...slice, endpoints }, ["endpoints"]);
}
