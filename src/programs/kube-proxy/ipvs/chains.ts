/** The chains of the ipvs mode, by kube-proxy's names; some are called as in iptables mode and hold other rules. */
export const chains = {
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
