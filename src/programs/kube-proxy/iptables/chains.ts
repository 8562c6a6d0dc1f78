import { sha256Base32Prefix } from "../../../model/sha256.ts";

/** The chains that are always there, by kube-proxy's names. */
export const chains = {
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

/** nfacct counters, by the names of pkg/proxy/metrics. */
export const counters = {
  invalidDropped: "ct_state_invalid_dropped_pkts",
  localhostNodePort: "localhost_nps_accepted_pkts",
} as const;

/** The chains of one service port. One hash of its name and protocol ends them all. */
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

/** The chain of one endpoint of one service port, which `start` names: its name and protocol in one. */
export function endpointChain(start: string, target: string): string {
  return `KUBE-SEP-${sha256Base32Prefix(start, target)}`;
}
