import { createSubject, type Sink } from "../../../diagnostics/diagnostic.ts";
import { at } from "../../../diagnostics/place.ts";
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
    reportWithoutHints(checked);
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

function reportWithoutHints(checked: CheckedService): void {
  const value = checked.spec.trafficDistribution;
  const ready = checked.ports.flatMap((port) => readyOnes(allEndpoints(port)));
  const isHinted = ready.some(({ entry }) => entry.zoneHints.length + entry.nodeHints.length > 0);
  if (typeof value !== "string" || ready.length === 0 || isHinted) return;
  checked.report("distribution-without-hints", at(at(checked.service.place, "spec"), "trafficDistribution"), { value });
}

function reportZoneless({ nodes }: CheckedState, count: number, sink: Sink): void {
  const zoneless = nodes.filter(({ node }) => node !== undefined && node.zone === undefined);
  const [first] = zoneless;
  if (first?.node === undefined) return;
  const report = sink.reporter(createSubject("Node", "", first.node.name));
  const names = zoneless.map(({ name }) => name);
  report("node-without-zone", at(first.node.place, "metadata"), { count }, { nodes: names });
}
