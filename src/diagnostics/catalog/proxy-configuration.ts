import type { CatalogPart } from "./entry.ts";

export const proxyConfigurationCodes = {
  "proxy-config-wrong-kind": {
    severity: "error",
    message: "{got} is not a KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1",
    explanation:
      "kube-proxy reads one document of exactly this apiVersion and kind, and does not start with any other.",
  },
  "proxy-config-several": {
    severity: "error",
    message: "there is more than one KubeProxyConfiguration",
    hint: "pass one with --proxy-config; it replaces a ConfigMap in the input",
    explanation: "A node has only one configuration.",
  },
  "proxy-config-map-empty": {
    severity: "warning",
    message: "the ConfigMap kube-proxy has no config.conf: kube-proxy's defaults are used",
    explanation:
      "kubeadm keeps the configuration under the key config.conf. Clusters created by other tools keep it elsewhere; pass it with --proxy-config.",
  },
  "proxy-config-value-refused": {
    severity: "error",
    message: "{field} {rule}; kube-proxy does not start with {got}",
    explanation: "kube-proxy validates its configuration and exits on this value (pkg/proxy/apis/config/validation).",
  },
  "proxy-mode-invalid": {
    severity: "error",
    message: "mode must be iptables, ipvs, nftables or empty, not {got}",
    explanation: "An empty mode means iptables. The userspace mode was removed in 1.26.",
  },
  "ipvs-scheduler-unknown": {
    severity: "error",
    message: "the kernel has no IPVS scheduler {got}; kube-proxy does not start",
    explanation:
      "kube-proxy accepts any text, then looks for the kernel module ip_vs_NAME and does not start in ipvs mode without it. Linux has rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq and twos.",
  },
  "interface-name-invalid": {
    severity: "error",
    message:
      "{got} cannot be an interface name: at most 15 printable ASCII characters without blanks, quotes, '/' and '\\'",
    explanation: "kube-proxy accepts the value, but iptables-restore rejects the resulting rules.",
  },
  "feature-gate-refused": {
    severity: "error",
    message: "feature gate {gate} is {fault} in 1.36: kube-proxy does not start",
    explanation:
      "kube-proxy rejects unknown feature gates, and rejects changes to gates that are locked to a value (GA features).",
  },
  "detect-local-ignored": {
    severity: "warning",
    message: "{field} has no effect with detectLocalMode {mode}",
    explanation:
      "Each detectLocalMode reads one field: ClusterCIDR reads clusterCIDR, BridgeInterface and InterfaceNamePrefix read theirs under detectLocal, NodeCIDR reads the Node.",
  },
} as const satisfies CatalogPart;

/** Differences of the ipvs mode from the iptables mode, reported once per cause, and problems of the ipvs mode alone. */
export const ipvsCodes = {
  "virtual-server-shared": {
    severity: "warning",
    message: "{address} is already the virtual server of another service port: {service} gets no traffic there",
    hint: "change the address or port of one of the two",
    explanation:
      "IPVS has one virtual server for an address, port and protocol. In kube-proxy the service port that is synced last owns it, in the random order of a Go map, and the real servers of the other are removed. Portolan gives it to the first in name order.",
  },
  "ipset-enlarged": {
    severity: "warning",
    message: "set {set} holds {count} entries, more than the 65,536 of kube-proxy's sets",
    explanation:
      "kube-proxy creates its sets with ipset's default size, and entries beyond it fail one by one. Portolan raises the size (maxelem), because otherwise ipset restore would fail as a whole.",
  },
  "ipvs-local-falls-back": {
    severity: "info",
    message:
      "policy Local without an endpoint on this node: traffic goes to endpoints on other nodes; iptables mode drops it (service ports: {count})",
    explanation:
      "In ipvs mode a virtual server of a service port with internalTrafficPolicy or externalTrafficPolicy Local has this node's endpoints or, if there are none, all endpoints: even traffic to the cluster IP then goes to other nodes. The iptables mode drops this traffic.",
  },
  "ipvs-unused-ports-rejected": {
    severity: "info",
    message: "packets to unused ports of service addresses are rejected; iptables mode does not handle them",
    explanation:
      "The ipvs mode binds every service address to this host (kube-ipvs0), so a packet to a port that no service port has is delivered to the host. KUBE-IPVS-FILTER rejects it, to protect the programs that listen on the host. In iptables mode no rule matches, and the packet is routed as usual.",
  },
  "ipvs-affinity-per-address": {
    severity: "info",
    message: "session affinity is per address and port, and lasts while connections are open (service ports: {count})",
    explanation:
      "IPVS persistence belongs to a virtual server: a client that uses the cluster IP and a node port may reach two endpoints, and it stays at its endpoint while it has open connections. In iptables mode the endpoint of a client is the same for all addresses, and the timeout starts at its last new connection.",
  },
  "ipvs-node-outside-source-ranges": {
    severity: "info",
    message:
      "this node is outside the source ranges: a rule on the load balancer address itself blocks its own traffic (service ports: {count})",
    explanation:
      "In ipvs mode a load balancer address is an address of this host, so the node's own connections to it use that address as their source, which no source range covers. kube-proxy blocks them by a rule on the address (KUBE-IPVS-OUT-FILTER) or admits them by the set KUBE-LOAD-BALANCER-SOURCE-IP. The iptables mode checks the node's own address.",
  },
  "ipvs-host-addresses-served": {
    severity: "info",
    message:
      "service addresses are also addresses of this host: programs of the host still answer on ports that no service port uses (addresses: {count})",
    explanation:
      "An external or load balancer address that the host has on another interface gets virtual servers but is not bound to kube-ipvs0, so KUBE-IPVS-FILTER does not protect it: programs of the host that listen on all addresses answer there.",
  },
  "ipvs-no-short-circuit": {
    severity: "info",
    message:
      "with externalTrafficPolicy Local, pods and this node reach external addresses by local endpoints only; iptables mode uses all (service ports: {count})",
    explanation:
      "The iptables mode does not apply the policy to pods (if it can detect local traffic) and to the node itself, as if their traffic had gone out to the load balancer and come back on another node. The ipvs mode has one virtual server for all clients.",
  },
  "ipvs-no-loopback-node-ports": {
    severity: "info",
    message: "node ports do not answer on 127.0.0.1; in iptables mode they do",
    explanation:
      "The ipvs mode ignores localhostNodePorts: virtual servers use the host's other addresses, and traffic from 127.0.0.0/8 returns from KUBE-SERVICES at once.",
  },
  "ipvs-source-ranges-without-endpoints": {
    severity: "info",
    message:
      "load balancer without endpoints: packets from outside the source ranges are dropped, others rejected; iptables mode rejects all (service ports: {count})",
    explanation:
      "In ipvs mode the source range firewall applies whether the virtual server has real servers or not. The iptables mode writes a REJECT rule and no firewall for a service port without endpoints.",
  },
  "ipvs-node-ports-match-nothing": {
    severity: "warning",
    message:
      "nodePortAddresses match no address of this host: service ports with a node port also have no health check port (service ports: {count})",
    explanation:
      "In ipvs mode kube-proxy stops processing a service port with a node port if no address of the host matches nodePortAddresses, before it opens the health check port. The cluster IP, external IPs and load balancer addresses still work.",
  },
} as const satisfies CatalogPart;
