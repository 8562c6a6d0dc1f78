import type { Report } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import { type Cidr, type Family, type IpAddress, isLoopback, parseIp } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { defaultHostFeatures, type HostFeatures, type Node } from "../../model/objects/node.ts";
import type { ProxyConfiguration } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { LocalTrafficDetector } from "./forwarding-plan.ts";

/** One node as its kube-proxy sees it. */
export interface NodeView {
  /** The name that decides which endpoints are local: hostnameOverride, or --node. */
  readonly name: string;
  /** The Node object of that name. */
  readonly node: Node | undefined;
  /** Used to check whether the node is in a source range; loopback where the Node has no address of the family. */
  readonly ips: Readonly<Record<Family, IpAddress>>;
  readonly primaryFamily: Family;
  /** Every address of the host's interfaces except loopback. */
  readonly hostAddresses: readonly IpAddress[];
  readonly features: HostFeatures;
  /** The families that are compiled by default. */
  readonly families: readonly Family[];
}

/** Facts about the machine itself. */
interface FoundOnHost {
  readonly hostAddresses?: readonly string[] | undefined;
  readonly hostFeatures?: Partial<HostFeatures> | undefined;
}

const loopback: Readonly<Record<Family, IpAddress>> = {
  ipv4: { family: "ipv4", text: "127.0.0.1" },
  ipv6: { family: "ipv6", text: "::1" },
};

/**
 * Finds the node to compile for. Undefined, with an error reported, when there is none. A Host document overrides what
 * was found on the machine itself.
 */
export function resolveNodeView(
  cluster: Cluster,
  chosen: string | undefined,
  found: FoundOnHost,
  report: Report,
): NodeView | undefined {
  const machine = chosen ?? onlyNode(cluster, report);
  if (machine === undefined) return undefined;
  const named = cluster.nodes.find((node) => node.name === machine);
  const override = cluster.proxyConfiguration.hostnameOverride;
  const name = override ?? machine.trim().toLowerCase();
  const node = override === undefined ? named : cluster.nodes.find((candidate) => candidate.name === override);
  if (named === undefined && cluster.nodes.length > 0 && !(override !== undefined && node !== undefined)) {
    const near = didYouMean(
      machine,
      cluster.nodes.map((candidate) => candidate.name),
    );
    report(
      "node-unknown",
      undefined,
      { name: machine },
      { hint: near ? `did you mean ${near}?` : `existing Nodes: ${namesOf(cluster)}` },
    );
    return undefined;
  }
  if (node === undefined) report("node-absent", undefined, { name });
  const host = cluster.hosts.find((candidate) => candidate.name === machine);
  const foundAddresses = found.hostAddresses?.map(parseIp).filter((ip) => ip !== undefined);
  const hostAddresses = host?.addresses ?? foundAddresses ?? named?.addresses.map(({ ip }) => ip) ?? [];
  const { ips, primaryFamily } = nodeIps(node, cluster.proxyConfiguration.bindAddress);
  return {
    name,
    node,
    ips,
    primaryFamily,
    hostAddresses: hostAddresses.filter((ip) => ip.text !== loopback[ip.family].text),
    features: { ...defaultHostFeatures, ...found.hostFeatures, ...host?.features },
    families: usedFamilies(cluster, named ?? node),
  };
}

function onlyNode(cluster: Cluster, report: Report): string | undefined {
  const [first, second] = cluster.nodes;
  if (first !== undefined && second === undefined) return first.name;
  // They are in the order of their names.
  if (first !== undefined && cluster.nodes.every(({ isSimulated }) => isSimulated)) return first.name;
  if (first !== undefined)
    report("node-not-chosen", undefined, { count: cluster.nodes.length, names: namesOf(cluster) });
  else if (cluster.proxyConfiguration.hostnameOverride !== undefined)
    return cluster.proxyConfiguration.hostnameOverride;
  else report("node-name-needed", undefined, {});
  return undefined;
}

function namesOf({ nodes }: Cluster): string {
  const first = nodes.slice(0, 5).map(({ name }) => name);
  return [...first, ...(nodes.length > 5 ? ["..."] : [])].join(", ");
}

/** The first InternalIP of each family, else ExternalIP, else loopback; bindAddress replaces its family's (detectNodeIPs). */
function nodeIps(node: Node | undefined, bindAddress: IpAddress | undefined): Pick<NodeView, "ips" | "primaryFamily"> {
  const ofType = (type: string): readonly IpAddress[] =>
    (node?.addresses ?? []).filter((address) => address.type === type).map(({ ip }) => ip);
  const candidates = [...ofType("InternalIP"), ...ofType("ExternalIP")];
  const first = (family: Family): IpAddress => candidates.find((ip) => ip.family === family) ?? loopback[family];
  const ips = { ipv4: first("ipv4"), ipv6: first("ipv6") };
  if (bindAddress === undefined) return { ips, primaryFamily: candidates[0]?.family ?? "ipv4" };
  return { ips: { ...ips, [bindAddress.family]: bindAddress }, primaryFamily: bindAddress.family };
}

/** The families of the Node's InternalIPs and of the Services' cluster IPs: the default families. */
export function usedFamilies(cluster: Cluster, node: Node | undefined): readonly Family[] {
  const used = new Set<Family>();
  for (const { type, ip } of node?.addresses ?? []) if (type === "InternalIP") used.add(ip.family);
  for (const service of cluster.services)
    for (const vip of Object.values(service.clusterIps)) used.add(vip.address.family);
  if (used.size === 0) return ["ipv4"];
  return (["ipv4", "ipv6"] as const).filter((family) => used.has(family));
}

/** The node's own addresses for nodePortAddresses: [primary]. */
export function primaryAddresses(view: NodeView): readonly IpAddress[] {
  return Object.values(view.ips).filter((ip) => !isLoopback(ip));
}

/**
 * How pods are recognised, by family (getLocalDetectors of kube-proxy). Reports what prevents the start of kube-proxy:
 * NodeCIDR without a pod range of the primary family.
 */
export function resolveLocalTrafficDetectors(
  { detectLocal, place }: ProxyConfiguration,
  view: NodeView,
  report: Report,
): Readonly<Partial<Record<Family, LocalTrafficDetector>>> {
  switch (detectLocal.kind) {
    case "cluster-cidr":
      return byFamily(detectLocal.cidrs);
    case "node-cidr": {
      const podCidrs = view.node?.podCidrs ?? [];
      const where = place && at(place, "detectLocalMode");
      if (podCidrs.length === 0) report("pod-cidr-missing", where, { name: view.name });
      else if (podCidrs.every((cidr) => cidr.family !== view.primaryFamily)) {
        const primary = view.primaryFamily === "ipv4" ? "IPv4" : "IPv6";
        report("pod-cidr-wrong-family", where, { primary, name: view.name });
      }
      return byFamily(podCidrs);
    }
    case "bridge-interface": {
      const local = { kind: "interface", name: detectLocal.name } as const;
      return { ipv4: local, ipv6: local };
    }
    case "interface-prefix": {
      const local = { kind: "interface-prefix", prefix: detectLocal.prefix } as const;
      return { ipv4: local, ipv6: local };
    }
  }
}

/** The first range of each family counts. */
function byFamily(cidrs: readonly Cidr[]): Partial<Record<Family, LocalTrafficDetector>> {
  const found: Partial<Record<Family, LocalTrafficDetector>> = {};
  for (const cidr of cidrs) found[cidr.family] ??= { kind: "source", cidr };
  return found;
}
