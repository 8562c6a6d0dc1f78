import { createSubject, type Sink } from "../../../diagnostics/diagnostic.ts";
import { at } from "../../../diagnostics/place.ts";
import { type EndpointSlice, placeOfEndpoint, type SliceEndpoint } from "../../../model/objects/endpoint-slice.ts";
import type { Vip } from "../../../model/objects/service.ts";
import { servicePortName } from "../../../plan/forwarding/resolve-service-port.ts";
import type { CheckedService, CheckedState, StateRule } from "../checked-state.ts";
import type { StrayName } from "../node-names.ts";

/** Endpoints on nodes that no Node is named as: to kube-proxy they are local nowhere. */
export const nodeNames: StateRule = (state, sink) => {
  if (state.strayNames.size === 0) return;
  for (const checked of state.services) if (checked.isProxied) checkService(checked, state, sink);
};

interface Found {
  readonly slice: EndpointSlice;
  readonly entry: SliceEndpoint;
  readonly ips: Set<string>;
}

function checkService(checked: CheckedService, state: CheckedState, sink: Sink): void {
  const found = new Map<string, Found>();
  for (const slice of checked.slices) {
    for (const entry of slice.endpoints) {
      const { nodeName, ip } = entry;
      if (nodeName === undefined || !state.strayNames.has(nodeName)) continue;
      const known = found.get(nodeName);
      if (known === undefined) found.set(nodeName, { slice, entry, ips: new Set([ip]) });
      else known.ips.add(ip);
    }
  }
  for (const [nodeName, { slice, entry, ips }] of found) {
    const report = sink.reporter(createSubject(slice.source, slice.namespace, slice.name));
    const endpoints = ips.size === 1 ? `endpoint ${entry.ip}` : `${ips.size} endpoints`;
    const parameters = { nodeName, endpoints, effect: effectOn(checked, state) };
    const hint = hintFor(state.strayNames.get(nodeName));
    report("endpoint-node-unknown", at(placeOfEndpoint(slice, entry), "nodeName"), parameters, { hint });
  }
}

function effectOn({ service }: CheckedService, { program }: CheckedState): string {
  const fields = (["internalTrafficPolicy", "externalTrafficPolicy"] as const).filter(
    (field) => service[field] === "Local",
  );
  if (fields.length === 0) return "";
  const what = program.traits.localPolicyFallsBack ? "does not prefer it on any node" : "drops its traffic";
  return `, and ${fields.join(" and ")} Local ${what}`;
}

function hintFor(stray: StrayName | undefined): string | undefined {
  const node = stray?.node ?? stray?.similar;
  if (node === undefined) return undefined;
  const because = stray?.reason === undefined ? "" : ` (${stray.reason})`;
  return `did you mean ${node}${because}? Start kubelet and kube-proxy of the node with the same --hostname-override, or correct nodeName`;
}

/** Programs of nodes that must stay reachable, by TCP port. */
const programs: Readonly<Record<number, string>> = {
  22: "SSH",
  2379: "etcd",
  2380: "etcd",
  6443: "the API server",
  10250: "the kubelet",
};

/** External and load balancer addresses that are addresses of nodes: what nodes and their programs lose by it. */
export const addressesOfNodes: StateRule = (state) => {
  const owners = nodePortOwners(state);
  const nodes = nodesByAddress(state);
  for (const checked of state.services) {
    const { service, isProxied } = checked;
    if (!isProxied) continue;
    const externalIps = state.cluster.proxyConfiguration.allowExternalIps ? service.externalIps : [];
    for (const vip of [...externalIps, ...service.loadBalancerIps]) {
      const here = nodes.get(vip.address.text);
      if (here !== undefined && isServed(checked, vip)) checkVip(checked, { vip, nodes: here }, owners, state);
    }
  }
};

/** Its family has a cluster IP, or the Service was never stored. */
function isServed({ service }: CheckedService, { address }: Vip): boolean {
  return service.clusterIps[address.family] !== undefined || Object.keys(service.clusterIps).length === 0;
}

/** Of all nodes of the input, whichever are checked. */
function nodesByAddress({ cluster, nodes }: CheckedState): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const enter = (text: string, name: string): void => {
    const names = found.get(text) ?? new Set<string>();
    found.set(text, names.add(name));
  };
  for (const { name, addresses } of cluster.nodes) for (const { ip } of addresses) enter(ip.text, name);
  for (const { name, addresses } of cluster.hosts) for (const { text } of addresses ?? []) enter(text, name);
  for (const { name, hostAddresses } of nodes) for (const { text } of hostAddresses) enter(text, name);
  return new Map([...found].map(([text, names]) => [text, [...names]]));
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

/** A service address and the nodes that have it. */
interface NodeVip {
  readonly vip: Vip;
  readonly nodes: readonly string[];
}

function checkVip(
  checked: CheckedService,
  taken: NodeVip,
  owners: ReadonlyMap<string, CheckedService>,
  { cluster, program }: CheckedState,
): void {
  const { vip, nodes } = taken;
  const [node = ""] = nodes;
  const isHiding = reportHidden(checked, taken, owners);
  // A program that rejects other ports of service addresses has made them addresses of the host.
  const isBound = program.traits.unknownPortOfVip === "rejected";
  if (isBound && cluster.nodes.some(({ name }) => !nodes.includes(name)))
    checked.report("node-address-bound", vip.place, { vip: vip.address.text, node });
  else if (!isHiding) {
    const ports = checked.service.ports.map(({ port, protocol }) => `${port}/${protocol}`).join(", ");
    checked.report("node-address-served", vip.place, { vip: vip.address.text, node, ports });
  }
}

function reportHidden(
  { service, report }: CheckedService,
  { vip: { address, place }, nodes }: NodeVip,
  owners: ReadonlyMap<string, CheckedService>,
): boolean {
  let isHiding = false;
  for (const { port, protocol } of service.ports) {
    const program = protocol === "TCP" ? programs[port] : undefined;
    const vip = address.text;
    if (program !== undefined) report("external-ip-hides-host-port", place, { vip, port, program }, { nodes });
    const taken = owners.get(`${port}/${protocol}`);
    const owned = taken?.ports.find((other) => other.port.nodePort === port && other.port.protocol === protocol);
    isHiding ||= program !== undefined;
    if (taken === undefined || owned === undefined || taken.service === service) continue;
    const related = [{ message: "nodePort", place: owned.port.place }];
    const owner = servicePortName(taken.service, owned.port);
    report("external-ip-hides-node-port", place, { vip, port, owner }, { nodes, related });
    isHiding = true;
  }
  return isHiding;
}
