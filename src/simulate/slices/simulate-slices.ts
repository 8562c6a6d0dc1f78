import { type Family, familyNames } from "../../model/address.ts";
import { compareBytes } from "../../model/compare.ts";
import { type NameMap, namesIn } from "../../model/name-map.ts";
import type { Draft } from "../draft.ts";
import type { GivenObjects } from "../given.ts";
import { invented } from "../mark.ts";
import { matchesLabels } from "../pods/matches-selector.ts";
import type { SimulatedService } from "../services/complete-services.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { textMapOf, type Value } from "../values.ts";
import { type PodFacts, podFacts } from "./pod-facts.ts";
import { sliceEndpoint } from "./slice-endpoint.ts";
import { slicePorts } from "./slice-ports.ts";

const serviceLabel = "kubernetes.io/service-name";
const headlessLabel = "service.kubernetes.io/headless";
/** The EndpointSlice controller's --max-endpoints-per-slice. */
const mostEndpoints = 100;

export interface SliceSource {
  readonly given: GivenObjects;
  readonly services: readonly SimulatedService[];
  readonly pods: readonly Value[];
  readonly nodes: readonly SimulatedNode[];
}

/** Makes the EndpointSlices of Services that have a selector and no endpoints of their own in the input. */
export function simulateSlices({ given, services, pods, nodes }: SliceSource, draft: Draft): void {
  const known = new Set([
    ...given.EndpointSlice.map(({ namespace, labels }) => `${namespace}/${labels[serviceLabel]}`),
    ...given.Endpoints.map(({ key }) => key),
  ]);
  const names = new Set(given.EndpointSlice.map(({ key }) => key));
  const byNamespace = podsByNamespace(pods);
  const nodesByName = new Map(nodes.map((node) => [node.name, node]));
  for (const service of services) {
    const selector = textMapOf(service.spec.selector);
    const { key, namespace, input } = service.given;
    if (known.has(key) || service.spec.type === "ExternalName" || Object.keys(selector).length === 0) continue;
    const selected = [...namesIn(byNamespace, namespace).values()].filter(({ labels }) =>
      matchesLabels(labels, selector),
    );
    for (const family of service.families) {
      for (const slice of slicesOf(service, selected, { family, nodes: nodesByName })) {
        draft.invented.push({ value: named(slice, service, { family, names }), place: input.place });
      }
    }
  }
}

function podsByNamespace(pods: readonly Value[]): NameMap<PodFacts> {
  const map: NameMap<PodFacts> = new Map();
  const facts = pods.flatMap((pod) => podFacts(pod) ?? []);
  // Of ten replicas, the tenth is the last one.
  const order = new Intl.Collator("en", { numeric: true });
  facts.sort((a, b) => order.compare(a.name, b.name) || compareBytes(a.name, b.name));
  for (const pod of facts) namesIn(map, pod.namespace).set(pod.name, pod);
  return map;
}

type Parts = Readonly<Record<"ports" | "endpoints", readonly Value[]>>;

/** Pods whose ports differ, by other numbers of a named port, stand in slices of their own; without pods there is one. */
function slicesOf(
  service: SimulatedService,
  pods: readonly PodFacts[],
  where: { readonly family: Family; readonly nodes: ReadonlyMap<string, SimulatedNode> },
): readonly Parts[] {
  const groups = new Map<string, { readonly ports: readonly Value[]; readonly endpoints: Value[] }>();
  for (const pod of pods) {
    const endpoint = sliceEndpoint(pod, service, where);
    if (endpoint === undefined) continue;
    const ports = slicePorts(service.spec, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpoint);
    groups.set(key, group);
  }
  if (groups.size === 0) return [{ ports: [], endpoints: [] }];
  return [...groups.values()].flatMap(({ ports, endpoints }) =>
    Array.from({ length: Math.ceil(endpoints.length / mostEndpoints) }, (_, index) => ({
      ports,
      endpoints: endpoints.slice(index * mostEndpoints, (index + 1) * mostEndpoints),
    })),
  );
}

function named(
  { ports, endpoints }: Parts,
  { given, spec }: SimulatedService,
  { family, names }: { readonly family: Family; readonly names: Set<string> },
): Value {
  const { name, namespace } = given;
  const isHeadless = spec.clusterIP === "None";
  let number = 1;
  while (names.has(`${namespace}/${name}-${family}-${number}`)) number += 1;
  const own = `${name}-${family}-${number}`;
  names.add(`${namespace}/${own}`);
  const labels = {
    "endpointslice.kubernetes.io/managed-by": "simulate.portolan",
    [serviceLabel]: name,
    ...(isHeadless ? { [headlessLabel]: "" } : {}),
  };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: own, namespace, labels, annotations: invented },
    addressType: familyNames[family],
    ports,
    endpoints,
  };
}
