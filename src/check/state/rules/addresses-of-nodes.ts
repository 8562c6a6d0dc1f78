import type { Vip } from "../../../model/objects/service.ts";
import type { NodeView } from "../../../plan/forwarding/node-view.ts";
import { servicePortName } from "../../../plan/forwarding/resolve-service-port.ts";
import type { CheckedService, CheckedState, StateRule } from "../checked-state.ts";

/** Programs of nodes that must stay reachable, by TCP port. */
const programs: Readonly<Record<number, string>> = {
  22: "SSH",
  2379: "etcd",
  2380: "etcd",
  6443: "the API server",
  10250: "the kubelet",
};

/** External and load balancer addresses that are addresses of nodes, on ports that another program uses there. */
export const addressesOfNodes: StateRule = (state) => {
  const owners = nodePortOwners(state);
  for (const checked of state.services) {
    const { service, isProxied } = checked;
    if (!isProxied) continue;
    const externalIps = state.cluster.proxyConfiguration.allowExternalIps ? service.externalIps : [];
    for (const vip of [...externalIps, ...service.loadBalancerIps]) {
      const nodes = state.nodes.filter((node) => hasAddress(node, vip)).map(({ name }) => name);
      if (nodes.length > 0) reportVip(checked, vip, nodes, owners);
    }
  }
};

function hasAddress({ hostAddresses }: NodeView, { address }: Vip): boolean {
  return hostAddresses.some(({ text }) => text === address.text);
}

/** Where the first service port gets an address and port, compiling reports it. */
function nodePortOwners({ services, program }: CheckedState): ReadonlyMap<string, CheckedService> {
  const owners = new Map<string, CheckedService>();
  if (program.traits.exclusiveDestinations) return owners;
  for (const checked of services) {
    if (!checked.isProxied) continue;
    for (const { port } of checked.ports) owners.set(`${port.nodePort}/${port.protocol}`, checked);
  }
  return owners;
}

function reportVip(
  { service, report }: CheckedService,
  { address, place }: Vip,
  nodes: readonly string[],
  owners: ReadonlyMap<string, CheckedService>,
): void {
  for (const { port, protocol } of service.ports) {
    const program = protocol === "TCP" ? programs[port] : undefined;
    const vip = address.text;
    if (program !== undefined) report("external-ip-hides-host-port", place, { vip, port, program }, { nodes });
    const taken = owners.get(`${port}/${protocol}`);
    const owned = taken?.ports.find((other) => other.port.nodePort === port && other.port.protocol === protocol);
    if (taken === undefined || owned === undefined || taken.service === service) continue;
    const related = [{ message: "nodePort", place: owned.port.place }];
    const owner = servicePortName(taken.service, owned.port);
    report("external-ip-hides-node-port", place, { vip, port, owner }, { nodes, related });
  }
}
