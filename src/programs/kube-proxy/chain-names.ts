import type { ChainRole, OwnChains } from "../../languages/iptables/own-chains.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { sha256Base32Prefix } from "../../model/sha256.ts";
import type { ServicePortChainKind } from "../program.ts";

/** The chains that always exist in iptables mode, by kube-proxy's names. */
export const iptablesChains = {
  services: "KUBE-SERVICES",
  externalServices: "KUBE-EXTERNAL-SERVICES",
  nodePorts: "KUBE-NODEPORTS",
  postrouting: "KUBE-POSTROUTING",
  markMasquerade: "KUBE-MARK-MASQ",
  forward: "KUBE-FORWARD",
  proxyFirewall: "KUBE-PROXY-FIREWALL",
  /** The kubelet's; kube-proxy makes it too. */
  kubeletFirewall: "KUBE-FIREWALL",
} as const;

/** Those of ipvs mode. Some have the same name as in iptables mode and other rules. */
export const ipvsChains = {
  services: "KUBE-SERVICES",
  nodePort: "KUBE-NODE-PORT",
  postrouting: "KUBE-POSTROUTING",
  loadBalancer: "KUBE-LOAD-BALANCER",
  markMasquerade: "KUBE-MARK-MASQ",
  forward: "KUBE-FORWARD",
  proxyFirewall: "KUBE-PROXY-FIREWALL",
  sourceRangesFirewall: "KUBE-SOURCE-RANGES-FIREWALL",
  ipvsFilter: "KUBE-IPVS-FILTER",
  ipvsOutFilter: "KUBE-IPVS-OUT-FILTER",
} as const;

/** kube-proxy's own flush detector. Portolan does not create it, and deletes it with the last rules of a family. */
export const proxyCanary = "KUBE-PROXY-CANARY";

/** The kubelet's own flush detector: where it exists, KUBE-FIREWALL also belongs to the kubelet. */
export const kubeletCanary = "KUBE-KUBELET-CANARY";

/** Chains that mark packets; other programs jump to them as well. */
export const markChains: ReadonlySet<string> = new Set([iptablesChains.markMasquerade, "KUBE-MARK-DROP"]);

/** The prefix of all our chains; foreign ones may have it too. For quick checks of text. */
export const chainPrefix = "KUBE-";

/** The kinds of chains that belong to one service port: callers before the chains they call. */
export const servicePortChainKinds: readonly ServicePortChainKind[] = ["FW", "EXT", "XLB", "SVC", "SVL", "SEP"];

/** The chains of one service port. All names end with the same hash of its name and protocol. */
export interface ServicePortChains {
  readonly cluster: string;
  readonly local: string;
  readonly external: string;
  readonly firewall: string;
}

export function servicePortChains(name: string, protocol: string): ServicePortChains {
  const hash = sha256Base32Prefix(name + protocol, "");
  return {
    cluster: `KUBE-SVC-${hash}`,
    local: `KUBE-SVL-${hash}`,
    external: `KUBE-EXT-${hash}`,
    firewall: `KUBE-FW-${hash}`,
  };
}

/** The chain of one endpoint of one service port; `start` is the service port's name and protocol. */
export function endpointChain(start: string, target: string): string {
  return `KUBE-SEP-${sha256Base32Prefix(start, target)}`;
}

const servicePortChain = /^KUBE-(SVC|SVL|SEP|EXT|FW|XLB)-([A-Z2-7]{16})$/;

/** The parts of the name of a service port's chain; undefined for every other name. */
export function parseServicePortChain(
  name: string,
): { readonly kind: ServicePortChainKind; readonly hash: string } | undefined {
  const [, kind, hash] = servicePortChain.exec(name) ?? [];
  return kind === undefined || hash === undefined ? undefined : { kind: kind as ServicePortChainKind, hash };
}

/** Whether the chain belongs to one service port alone. */
export function isServicePortChain(name: string): boolean {
  return servicePortChain.test(name);
}

export function isEndpointChain(name: string): boolean {
  return name.startsWith("KUBE-SEP-");
}

/** Whether the chain distributes traffic over endpoints. */
export function isBalancingChain(name: string): boolean {
  return name.startsWith("KUBE-SVC-") || name.startsWith("KUBE-SVL-");
}

/** Whether the chain handles traffic to node ports, in either mode. */
export function isNodePortChain(name: string): boolean {
  return name === iptablesChains.nodePorts || name === ipvsChains.nodePort;
}

/** Smaller for callers; -1 for chains of no service port. */
export function servicePortChainRank(name: string): number {
  return servicePortChainKinds.findIndex((kind) => name.startsWith(`KUBE-${kind}-`));
}

/** A chain that exists whatever the Services. */
export interface FixedChain {
  readonly component: "kube-proxy" | "kubelet";
  /** The modes in which kube-proxy makes it. */
  readonly modes: readonly ProxyMode[];
  /** Its purpose by table; completes "it ...". */
  readonly purposes: Readonly<Record<string, string>>;
}

const flushDetector = "has no rules: if it disappears, all rules were flushed";
const canaryPurposes = { mangle: flushDetector, nat: flushDetector, filter: flushDetector };
const healthChecks = "accepts health checks of load balancers";

const purposes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "KUBE-SERVICES": {
    nat: "matches packets to the address and port of a service port; node ports come last",
    filter: "rejects or drops packets to cluster IPs without usable endpoints",
  },
  "KUBE-EXTERNAL-SERVICES": {
    filter: "rejects or drops external packets to service ports without usable endpoints",
  },
  "KUBE-NODEPORTS": {
    nat: "matches packets to the node ports of this node",
    filter: healthChecks,
  },
  "KUBE-NODE-PORT": {
    nat: "marks packets to node ports for masquerade, unless the client IP is preserved",
    filter: healthChecks,
  },
  "KUBE-POSTROUTING": { nat: "masquerades marked packets when they leave the node" },
  "KUBE-MARK-MASQ": { nat: "marks packets that KUBE-POSTROUTING masquerades" },
  "KUBE-LOAD-BALANCER": {
    nat: "marks packets to load balancer IPs for masquerade, unless the client IP is preserved",
  },
  "KUBE-FORWARD": {
    filter: "accepts forwarded packets of Services, and drops those in conntrack state INVALID",
  },
  "KUBE-PROXY-FIREWALL": { filter: "drops packets to load balancer IPs that no source range has admitted" },
  "KUBE-SOURCE-RANGES-FIREWALL": { filter: "drops packets to load balancer IPs from outside the source ranges" },
  "KUBE-FIREWALL": {
    filter: "blocks packets from other hosts to 127.0.0.0/8; the kubelet creates it too",
  },
  "KUBE-IPVS-FILTER": { filter: "protects the host's own ports on service addresses that are bound to it" },
  "KUBE-IPVS-OUT-FILTER": {
    filter: "blocks this node from load balancer IPs whose source ranges exclude it",
  },
  [proxyCanary]: canaryPurposes,
  [kubeletCanary]: canaryPurposes,
};

const chainsOf: Readonly<Record<ProxyMode, ReadonlySet<string>>> = {
  iptables: new Set([...Object.values(iptablesChains), proxyCanary]),
  ipvs: new Set([...Object.values(ipvsChains), proxyCanary]),
  nftables: new Set(),
};
const modes = Object.keys(chainsOf) as readonly ProxyMode[];
const kubeletChains: ReadonlySet<string> = new Set([iptablesChains.kubeletFirewall, kubeletCanary]);

/** By name, every chain that exists whatever the Services, in either mode. */
export const fixedChains: ReadonlyMap<string, FixedChain> = new Map(
  Object.entries(purposes).map(([name, byTable]) => [
    name,
    {
      component: kubeletChains.has(name) ? "kubelet" : "kube-proxy",
      modes: modes.filter((mode) => chainsOf[mode].has(name)),
      purposes: byTable,
    },
  ]),
);

/** The only table in which kube-proxy has a chain of this name; undefined where there are several, and for other names. */
export function tableOfChain(name: string): string | undefined {
  if (servicePortChain.test(name)) return "nat";
  const tables = Object.keys(fixedChains.get(name)?.purposes ?? {});
  return tables.length === 1 ? tables[0] : undefined;
}

/** Whether kube-proxy (and so Portolan) creates a chain of this name, in either mode. All others are foreign. */
export function isOwnedChain(name: string): boolean {
  return name.startsWith(chainPrefix) && (ownedFixed.has(name) || servicePortChain.test(name));
}

const ownedFixed: ReadonlySet<string> = new Set(modes.flatMap((mode) => [...chainsOf[mode]]));

/** The purpose of a service port's chain; completes "it ...". */
export const servicePortChainPurposes: Readonly<Record<ServicePortChainKind, (service: string) => string>> = {
  SVC: (service) => `balances traffic for ${service} over its endpoints in the cluster`,
  SVL: (service) => `balances traffic for ${service} over its endpoints on this node`,
  EXT: (service) => `handles external traffic for ${service}: node port, external IPs and load balancer IPs`,
  FW: (service) => `admits the source ranges to the load balancer IPs of ${service}`,
  SEP: (service) => `sends traffic to one endpoint of ${service}`,
  XLB: (service) => `handled external traffic for ${service} until Kubernetes 1.25`,
};

const servicePortName = /(?:^| )([a-z0-9][-a-z0-9]*\/[a-z0-9][-a-z0-9]*(?::[a-z0-9][-a-z0-9]*)?)(?: |$)/;

/** The service port that the comment of a rule names, as kube-proxy spells it: `shop/web:http`. */
export function servicePortInComment(comment: string): string | undefined {
  return servicePortName.exec(comment)?.[1];
}

const rolesOfFixed: ReadonlyMap<string, ChainRole> = new Map<string, ChainRole>([
  [iptablesChains.services, "dispatch"],
  [iptablesChains.nodePorts, "local-dispatch"],
  [ipvsChains.nodePort, "local-dispatch"],
  [iptablesChains.externalServices, "refusals"],
  [iptablesChains.markMasquerade, "mark"],
  [iptablesChains.postrouting, "masquerade"],
  [iptablesChains.forward, "forward"],
  [iptablesChains.kubeletFirewall, "guard"],
  [proxyCanary, "detector"],
]);

const rolesByKind: Readonly<Record<ServicePortChainKind, ChainRole>> = {
  FW: "entry",
  EXT: "entry",
  XLB: "entry",
  SVC: "balance",
  SVL: "balance",
  SEP: "target",
};

/** The grammar of these names, as the language of iptables asks for it. */
export const kubeProxyChains: OwnChains = {
  isOwned: isOwnedChain,
  roleOf: (chain) => {
    const [, kind] = servicePortChain.exec(chain) ?? [];
    return kind === undefined ? rolesOfFixed.get(chain) : rolesByKind[kind as ServicePortChainKind];
  },
  named: (role) => [...rolesOfFixed].flatMap(([chain, each]) => (each === role ? [chain] : [])),
  isOfFragment: isServicePortChain,
  depthOf: (chain) => {
    if (chain === iptablesChains.services) return -2;
    return chain === iptablesChains.markMasquerade ? servicePortChainKinds.length : servicePortChainRank(chain);
  },
  tableOf: tableOfChain,
  prefixes: [chainPrefix],
  sharing: [kubeletCanary],
};
