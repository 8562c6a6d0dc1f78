import { at } from "../../../diagnostics/place.ts";
import type { ProgramTraits } from "../../../plan/forwarding/forwarding-plan.ts";
import {
  allEndpoints,
  type CheckedPort,
  type CheckedService,
  type CheckedState,
  isUsable,
  type StateRule,
} from "../checked-state.ts";

/** Policies Local on nodes that have no endpoint of their own. */
export const localPolicies: StateRule = (state) => {
  const { traits } = state.program;
  for (const checked of state.services) {
    if (!checked.isProxied || reportNameless(checked, traits)) continue;
    if (checked.service.internalTrafficPolicy === "Local") reportInternal(checked, state);
    if (checked.service.externalTrafficPolicy === "Local") reportExternal(checked, state);
  }
};

/** Where a program falls back, an exposed port is served by endpoints of other nodes, even on its cluster IP. */
function isDropped({ service }: CheckedService, { port }: CheckedPort, traits: ProgramTraits): boolean {
  const isExposed = port.nodePort !== undefined || service.externalIps.length + service.loadBalancerIps.length > 0;
  return !traits.localPolicyFallsBack || !isExposed;
}

function reportNameless(checked: CheckedService, traits: ProgramTraits): boolean {
  const { service, ports, report } = checked;
  const isInternal = service.internalTrafficPolicy === "Local";
  if (!isInternal && service.externalTrafficPolicy !== "Local") return false;
  const usable = ports
    .filter((port) => isDropped(checked, port, traits))
    .flatMap(allEndpoints)
    .filter(({ entry }) => isUsable(entry));
  if (usable.length === 0 || usable.some(({ entry }) => entry.nodeName !== undefined)) return false;
  const field = isInternal ? "internalTrafficPolicy" : "externalTrafficPolicy";
  report("local-policy-without-node-names", at(at(service.place, "spec"), field), { field });
  return true;
}

function reportInternal(checked: CheckedService, state: CheckedState): void {
  const { service, ports, report } = checked;
  const dropped = ports.filter((port) => isDropped(checked, port, state.program.traits));
  const nodes = nodesWithout(dropped, state);
  if (nodes.length === 0) return;
  const place = at(at(service.place, "spec"), "internalTrafficPolicy");
  report("internal-local-without-endpoint", place, {}, { nodes });
}

/** Load balancers find nodes with endpoints by the health check port: these Services are correct. */
function reportExternal({ service, ports, report }: CheckedService, state: CheckedState): void {
  if (state.program.traits.localPolicyFallsBack) return;
  const isBalanced = service.type === "LoadBalancer";
  const externalIps = service.externalIps.map(({ address }) => `external IP ${address.text}`);
  const nodePorts = isBalanced ? [] : ports.flatMap(({ port }) => port.nodePort ?? []);
  const ways = [...(nodePorts.length === 0 ? [] : [`nodePort ${nodePorts.join(", ")}`]), ...externalIps];
  const nodes = ways.length === 0 ? [] : nodesWithout(ports, state);
  if (nodes.length === 0) return;
  const place = at(at(service.place, "spec"), "externalTrafficPolicy");
  report("external-local-without-endpoint", place, { ways: ways.join(" and ") }, { nodes });
}

/**
 * Nodes without an endpoint of a port that has endpoints elsewhere. An endpoint with a nodeName that no Node has counts
 * for the Node that is meant; where that is not known, neither is which nodes have none.
 */
function nodesWithout(ports: readonly CheckedPort[], { nodes, strayNames }: CheckedState): readonly string[] {
  const lacking = new Set<string>();
  for (const port of ports) {
    const usable = allEndpoints(port).filter(({ entry }) => isUsable(entry));
    const given = new Set(usable.map(({ entry }) => entry.nodeName ?? ""));
    const stray = [...given].map((name) => strayNames.get(name)).filter((one) => one !== undefined);
    if (usable.length === 0 || stray.some(({ node }) => node === undefined)) continue;
    const homes = new Set([...given, ...stray.map(({ node }) => node)]);
    for (const { name } of nodes) if (!homes.has(name)) lacking.add(name);
  }
  return nodes.map(({ name }) => name).filter((name) => lacking.has(name));
}
