import { at } from "../../../diagnostics/place.ts";
import type { ProgramTraits } from "../../../plan/forwarding/forwarding-plan.ts";
import { allEndpoints, type CheckedPort, type CheckedService, isUsable, type StateRule } from "../checked-state.ts";

/** Policies Local on nodes that have no endpoint of their own. */
export const localPolicies: StateRule = ({ services, nodes, program }) => {
  const names = nodes.map(({ name }) => name);
  const { traits } = program;
  for (const checked of services) {
    if (!checked.isProxied || reportNameless(checked, traits)) continue;
    if (checked.service.internalTrafficPolicy === "Local") reportInternal(checked, names, traits);
    if (checked.service.externalTrafficPolicy === "Local") reportExternal(checked, names, traits);
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

function reportInternal(checked: CheckedService, names: readonly string[], traits: ProgramTraits): void {
  const { service, ports, report } = checked;
  const dropped = ports.filter((port) => isDropped(checked, port, traits));
  const nodes = nodesWithout(dropped, names);
  if (nodes.length === 0) return;
  const place = at(at(service.place, "spec"), "internalTrafficPolicy");
  report("internal-local-without-endpoint", place, {}, { nodes });
}

/** Load balancers find nodes with endpoints by the health check port: these Services are correct. */
function reportExternal(
  { service, ports, report }: CheckedService,
  names: readonly string[],
  traits: ProgramTraits,
): void {
  if (traits.localPolicyFallsBack) return;
  const isBalanced = service.type === "LoadBalancer";
  const externalIps = service.externalIps.map(({ address }) => `external IP ${address.text}`);
  const nodePorts = isBalanced ? [] : ports.flatMap(({ port }) => port.nodePort ?? []);
  const ways = [...(nodePorts.length === 0 ? [] : [`nodePort ${nodePorts.join(", ")}`]), ...externalIps];
  const nodes = ways.length === 0 ? [] : nodesWithout(ports, names);
  if (nodes.length === 0) return;
  const place = at(at(service.place, "spec"), "externalTrafficPolicy");
  report("external-local-without-endpoint", place, { ways: ways.join(" and ") }, { nodes });
}

/** Nodes without an endpoint of a port that has endpoints elsewhere. */
function nodesWithout(ports: readonly CheckedPort[], names: readonly string[]): readonly string[] {
  const lacking = new Set<string>();
  for (const port of ports) {
    const usable = allEndpoints(port).filter(({ entry }) => isUsable(entry));
    const homes = new Set(usable.map(({ entry }) => entry.nodeName));
    if (usable.length > 0) for (const name of names) if (!homes.has(name)) lacking.add(name);
  }
  return names.filter((name) => lacking.has(name));
}
