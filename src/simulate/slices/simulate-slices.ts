import { type Family, familyNames } from "../../model/address.ts";
import { compareBytes } from "../../model/fields/compare.ts";
import { lookUp, type NameMap, namesIn } from "../../model/fields/name-map.ts";
import type { Draft } from "../draft.ts";
import type { GivenObject, GivenObjects } from "../given.ts";
import { markFields } from "../mark.ts";
import { matchesLabels } from "../pods/matches-selector.ts";
import type { SimulatedService } from "../services/complete-services.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { type Texts, textMapOf, type Value } from "../values.ts";
import { failEndpoints } from "./fail-endpoints.ts";
import { inventSlice, type SliceParts, serviceLabel, sliceParts } from "./make-slices.ts";
import { type PodFacts, podFacts } from "./pod-facts.ts";

export interface SliceSource {
  readonly given: GivenObjects;
  readonly services: readonly SimulatedService[];
  readonly pods: readonly Value[];
  readonly nodes: readonly SimulatedNode[];
}

/** Makes the EndpointSlices of Services with a selector that have none in the input, and makes stale ones true again. */
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
  /** Given slices, which keep their names. */
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

/** Those that may be endpoints, in the order of their names: of ten replicas, the tenth is the last. */
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
