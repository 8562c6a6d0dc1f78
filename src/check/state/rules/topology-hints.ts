import { createSubject, type Sink } from "../../../diagnostics/diagnostic.ts";
import { at, type Place } from "../../../diagnostics/place.ts";
import { placeOfEndpoint } from "../../../model/objects/endpoint-slice.ts";
import type { Endpoint } from "../../../plan/forwarding/forwarding-plan.ts";
import type { NodeView } from "../../../plan/forwarding/node-view.ts";
import { allEndpoints, type CheckedService, type CheckedState, nameOf, type StateRule } from "../checked-state.ts";

/** Topology hints that kube-proxy ignores, and why (the rules are those of plan/forwarding/endpoints.ts). */
export const topologyHints: StateRule = (state, sink) => {
  let zoned = 0;
  for (const checked of state.services) {
    if (!checked.isProxied || isLocalOnly(checked)) continue;
    const lists = checked.ports.flatMap(({ endpoints }) => Object.values(endpoints)).map(readyOnes);
    for (const ready of lists) reportIncomplete(checked, ready);
    const complete = lists.filter(
      (ready) => ready.length > 0 && ready.every(({ entry }) => entry.zoneHints.length > 0),
    );
    if (complete.length > 0) zoned += 1;
    for (const ready of complete) reportMissedZones(checked, ready, state.nodes);
    reportWithoutHints(checked, state);
  }
  if (zoned > 0) reportZoneless(state, zoned, sink);
};

/** With policy Local only endpoints of this node are used, whatever their hints. */
function isLocalOnly({ service }: CheckedService): boolean {
  const isExposed =
    service.externalIps.length + service.loadBalancerIps.length > 0 ||
    service.ports.some(({ nodePort }) => nodePort !== undefined);
  return service.internalTrafficPolicy === "Local" && !isExposed;
}

function readyOnes(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.filter(({ entry }) => entry.ready);
}

function reportIncomplete({ service, report }: CheckedService, ready: readonly Endpoint[]): void {
  for (const [kind, field] of [
    ["zone", "zoneHints"],
    ["node", "nodeHints"],
  ] as const) {
    const without = ready.filter(({ entry }) => entry[field].length === 0);
    const [first] = without;
    if (first === undefined || without.length === ready.length) continue;
    const parameters = { without: without.length, count: ready.length, kind };
    const related = [{ message: "first endpoint without a hint", place: placeOfEndpoint(first.slice, first.entry) }];
    report("hints-incomplete", nameOf(service), parameters, { related });
  }
}

function reportMissedZones(
  { service, report }: CheckedService,
  ready: readonly Endpoint[],
  nodes: readonly NodeView[],
): void {
  const hinted = new Set(ready.flatMap(({ entry }) => entry.zoneHints));
  const missed = new Map<string, string[]>();
  for (const { name, node } of nodes) {
    if (node?.zone === undefined || hinted.has(node.zone) || isHintedByNode(ready, name)) continue;
    const names = missed.get(node.zone);
    if (names === undefined) missed.set(node.zone, [name]);
    else names.push(name);
  }
  for (const [zone, names] of missed) report("zone-without-hints", nameOf(service), { zone }, { nodes: names });
}

function isHintedByNode(ready: readonly Endpoint[], name: string): boolean {
  return (
    ready.every(({ entry }) => entry.nodeHints.length > 0) && ready.some(({ entry }) => entry.nodeHints.includes(name))
  );
}

const topologyMode = "service.kubernetes.io/topology-mode";
const topologyAwareHints = "service.kubernetes.io/topology-aware-hints";

/** The field that asks for hints, where it does. */
interface Request {
  readonly field: string;
  readonly place: Place;
  /** The controller divides endpoints by the CPUs of zones, or prefers those of the same zone or node. */
  readonly isByCpus: boolean;
}

function requestOf({ service, spec }: CheckedService): Request | undefined {
  for (const name of [topologyMode, topologyAwareHints]) {
    if (!/^auto$/i.test(service.annotations[name] ?? "")) continue;
    const place = at(at(at(service.place, "metadata"), "annotations"), name);
    return {
      field: `annotation ${name.slice(name.indexOf("/") + 1)} ${service.annotations[name]}`,
      place,
      isByCpus: true,
    };
  }
  const { trafficDistribution: value } = spec;
  if (typeof value !== "string") return undefined;
  const place = at(at(service.place, "spec"), "trafficDistribution");
  return { field: `trafficDistribution ${value}`, place, isByCpus: false };
}

/** Hints were requested, and no ready endpoint has any. */
function reportWithoutHints(checked: CheckedService, state: CheckedState): void {
  const request = requestOf(checked);
  const ready = checked.ports.flatMap((port) => readyOnes(allEndpoints(port)));
  const isHinted = ready.some(({ entry }) => entry.zoneHints.length + entry.nodeHints.length > 0);
  if (request === undefined || ready.length === 0 || isHinted) return;
  const { field, place } = request;
  checked.report("distribution-without-hints", place, { field }, { hint: reasonOf(request, ready, state) });
}

const controlPlaneLabels = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/** What keeps the EndpointSlice controller from writing hints (topologycache of k8s.io/endpointslice). */
function reasonOf(
  { isByCpus, field }: Request,
  ready: readonly Endpoint[],
  { cluster }: CheckedState,
): string | undefined {
  // The controller leaves out nodes that run no pods of users.
  const nodes = cluster.nodes.filter(({ labels }) => !controlPlaneLabels.some((label) => Object.hasOwn(labels, label)));
  const zoneless = nodes.filter(({ zone }) => zone === undefined);
  const zones = new Set(nodes.flatMap(({ zone }) => zone ?? []));
  const [first] = zoneless;
  if (nodes.length === 0 || (!isByCpus && field.endsWith("PreferSameNode"))) return undefined;
  if (first !== undefined && (isByCpus || zones.size === 0)) {
    const more = zoneless.length === 1 ? "" : ` and ${zoneless.length - 1} more`;
    return `label Node ${first.name}${more} with topology.kubernetes.io/zone: the controller writes no hints without the zones of nodes`;
  }
  if (!isByCpus) return undefined;
  if (zones.size === 1)
    return "the Nodes are in one zone only: hints make no difference, and the controller writes none";
  const { size } = new Set(ready.map(({ entry }) => entry.ip));
  if (size < zones.size)
    return `run at least ${zones.size} endpoints: the controller writes no hints for ${size} in ${zones.size} zones`;
  return "the controller found no division of these endpoints by the CPUs of zones: run three or more in each zone, or use trafficDistribution";
}

function reportZoneless({ nodes }: CheckedState, count: number, sink: Sink): void {
  const zoneless = nodes.filter(({ node }) => node !== undefined && node.zone === undefined);
  const [first] = zoneless;
  if (first?.node === undefined) return;
  const report = sink.reporter(createSubject("Node", "", first.node.name));
  const names = zoneless.map(({ name }) => name);
  report("node-without-zone", at(first.node.place, "metadata"), { count }, { nodes: names });
}
