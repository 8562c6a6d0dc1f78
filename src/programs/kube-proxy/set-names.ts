import type { SetType } from "../../languages/ipset/text.ts";
import type { Family } from "../../model/address.ts";
import type { OwnSets } from "../program.ts";

/** A set that kube-proxy always makes, with the comment its rules carry. */
interface SetDefinition {
  readonly name: string;
  readonly type: SetType;
  readonly comment: string;
}

/** The sets of the ipvs mode. Names and comments are kube-proxy's, so that a node's dump and our text can be compared. */
export const sets = {
  loopBack: {
    name: "KUBE-LOOP-BACK",
    type: "hash:ip,port,ip",
    comment: "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose",
  },
  clusterIp: {
    name: "KUBE-CLUSTER-IP",
    type: "hash:ip,port",
    comment: "Kubernetes service cluster ip + port for masquerade purpose",
  },
  externalIp: {
    name: "KUBE-EXTERNAL-IP",
    type: "hash:ip,port",
    comment: "Kubernetes service external ip + port for masquerade and filter purpose",
  },
  externalIpLocal: {
    name: "KUBE-EXTERNAL-IP-LOCAL",
    type: "hash:ip,port",
    comment: "Kubernetes service external ip + port with externalTrafficPolicy=local",
  },
  loadBalancer: { name: "KUBE-LOAD-BALANCER", type: "hash:ip,port", comment: "Kubernetes service lb portal" },
  loadBalancerFirewall: {
    name: "KUBE-LOAD-BALANCER-FW",
    type: "hash:ip,port",
    comment: "Kubernetes service load balancer ip + port for load balancer with sourceRange",
  },
  loadBalancerLocal: {
    name: "KUBE-LOAD-BALANCER-LOCAL",
    type: "hash:ip,port",
    comment: "Kubernetes service load balancer ip + port with externalTrafficPolicy=local",
  },
  loadBalancerSourceIp: {
    name: "KUBE-LOAD-BALANCER-SOURCE-IP",
    type: "hash:ip,port,ip",
    comment: "Kubernetes service load balancer ip + port + source IP for packet filter purpose",
  },
  loadBalancerSourceCidr: {
    name: "KUBE-LOAD-BALANCER-SOURCE-CIDR",
    type: "hash:ip,port,net",
    comment: "Kubernetes service load balancer ip + port + source cidr for packet filter purpose",
  },
  nodePortTcp: {
    name: "KUBE-NODE-PORT-TCP",
    type: "bitmap:port",
    comment: "Kubernetes nodeport TCP port for masquerade purpose",
  },
  nodePortLocalTcp: {
    name: "KUBE-NODE-PORT-LOCAL-TCP",
    type: "bitmap:port",
    comment: "Kubernetes nodeport TCP port with externalTrafficPolicy=local",
  },
  nodePortUdp: {
    name: "KUBE-NODE-PORT-UDP",
    type: "bitmap:port",
    comment: "Kubernetes nodeport UDP port for masquerade purpose",
  },
  nodePortLocalUdp: {
    name: "KUBE-NODE-PORT-LOCAL-UDP",
    type: "bitmap:port",
    comment: "Kubernetes nodeport UDP port with externalTrafficPolicy=local",
  },
  // A bitmap does not support SCTP, so these sets contain addresses with ports.
  nodePortSctp: {
    name: "KUBE-NODE-PORT-SCTP-HASH",
    type: "hash:ip,port",
    comment: "Kubernetes nodeport SCTP port for masquerade purpose with type 'hash ip:port'",
  },
  nodePortLocalSctp: {
    name: "KUBE-NODE-PORT-LOCAL-SCTP-HASH",
    type: "hash:ip,port",
    comment: "Kubernetes nodeport SCTP port with externalTrafficPolicy=local with type 'hash ip:port'",
  },
  healthCheck: {
    name: "KUBE-HEALTH-CHECK-NODE-PORT",
    type: "bitmap:port",
    comment: "Kubernetes health check node port",
  },
  boundIps: { name: "KUBE-IPVS-IPS", type: "hash:ip", comment: "Addresses on the ipvs interface" },
} as const satisfies Readonly<Record<string, SetDefinition>>;

export type SetKey = keyof typeof sets;

export const setKeys = Object.keys(sets) as readonly SetKey[];

const longestName = 31;

/** IPv6 sets have names of their own beside the IPv4 ones; ipset truncates names after 31 characters. */
export function setName(key: SetKey, family: Family): string {
  const { name } = sets[key];
  return family === "ipv4" ? name : name.replace(setPrefix, ipv6Prefix).slice(0, longestName);
}

/** The prefix of all our sets; foreign ones may have it too. For quick checks of text. */
export const setPrefix = "KUBE-";
const ipv6Prefix = "KUBE-6-";

/** The prefix of temporary sets that replace a set by swapping; leftovers are ours too. */
export const swapSetPrefix = "KUBE-SWAP-";

const keyByName: ReadonlyMap<string, SetKey> = new Map(
  setKeys.flatMap((key) => (["ipv4", "ipv6"] as const).map((family) => [setName(key, family), key] as const)),
);

/** The key of one of kube-proxy's sets, in either family. */
export function setKeyOf(name: string): SetKey | undefined {
  return keyByName.get(name);
}

export function isOwnedSet(name: string): boolean {
  return keyByName.has(name) || name.startsWith(swapSetPrefix);
}

/** The family of one of our sets, by its name. */
export function familyOfSet(name: string): Family {
  return name.startsWith(ipv6Prefix) ? "ipv6" : "ipv4";
}

const nodePortSets: Readonly<Record<string, readonly SetKey[]>> = {
  tcp: ["nodePortTcp", "nodePortLocalTcp"],
  udp: ["nodePortUdp", "nodePortLocalUdp"],
};

/** Whether the set contains node ports of the protocol, as plain numbers. */
export function isNodePortSet(name: string, protocol: string, family: Family): boolean {
  return nodePortSets[protocol]?.some((key) => setName(key, family) === name) === true;
}

const serviceAddressSets: ReadonlySet<SetKey> = new Set([
  "clusterIp",
  "externalIp",
  "externalIpLocal",
  "loadBalancer",
  "loadBalancerLocal",
]);

/** Whether the set contains the addresses and ports of Services. */
export function isServiceAddressSet(name: string): boolean {
  const key = keyByName.get(name);
  return key !== undefined && serviceAddressSets.has(key);
}

/** The grammar of these names, as layers above ask for it. */
export const kubeProxySets: OwnSets = {
  isOwned: isOwnedSet,
  prefix: setPrefix,
  familyOf: familyOfSet,
  swapName: (index) => `${swapSetPrefix}${index}`,
  hasServiceAddresses: isServiceAddressSet,
  hasNodePorts: isNodePortSet,
  clusterIps: (family) => setName("clusterIp", family),
};
