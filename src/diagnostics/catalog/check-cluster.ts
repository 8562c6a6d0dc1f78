import type { CatalogPart } from "./entry.ts";

/** Findings of `portolan check` about the modes and their limits, about deprecations, and about its own annotations. */
export const checkClusterCodes = {
  "affinity-client-limit": {
    severity: "info",
    message: "session affinity in iptables mode is limited to 100 clients per endpoint (Services: {count})",
    hint: "raise the limit on the nodes: options xt_recent ip_list_tot=5000 in /etc/modprobe.d",
    explanation:
      "In iptables mode kube-proxy remembers clients with the kernel module xt_recent, one list for each endpoint. The module keeps 100 addresses in a list unless it is loaded with another ip_list_tot; a further client replaces the one seen least recently, which may then reach another endpoint long before timeoutSeconds. IPVS has no limit of this kind. Both modes support every timeout that the API server accepts, up to one day.",
  },
  "affinity-per-node": {
    severity: "info",
    message:
      "each node keeps its own list of clients: behind a load balancer that uses several nodes, a client does not stay at one endpoint",
    hint: "make the load balancer keep a client at one node (its own session affinity, by source address) and preserve client addresses",
    explanation:
      "sessionAffinity: ClientIP is decided on the node that a connection arrives at, by the source address that it has there, before the source is replaced (masquerade). With externalTrafficPolicy Cluster the load balancer may send each connection of a client to another node, which has its own list and may choose another endpoint. If the load balancer replaces the source address by its own, all clients look like one, and go to the same endpoint of a node. Only connections to the cluster IP keep to one list, that of the client's node.",
  },
  "affinity-differs": {
    severity: "info",
    message: "{target} is also an endpoint of {other}, which has session affinity; this Service has none",
    hint: "set sessionAffinity: ClientIP on both Services, or have clients use only one of them",
    explanation:
      "Session affinity belongs to a service port, not to its endpoints: connections through this Service go to any endpoint, and those through the other stay at one. A client that uses both, directly and through a load balancer or an ingress controller, reaches different pods. Each service port has its own list of clients even where both have affinity.",
  },
  "rules-per-packet": {
    severity: "info",
    message: "the first packet of a connection traverses up to {rules} rules of table nat; {service} needs the most",
    hint: "consider mode nftables: it looks up the address in one step, however many Services there are",
    explanation:
      "In iptables mode the chain KUBE-SERVICES holds a rule for each address and port, and the kernel checks them one by one. A packet for the last Service traverses the rules of all others; kube-proxy's own order is random. Only the first packet of a connection traverses table nat.",
  },
  "external-ips-deprecated": {
    severity: "warning",
    message: "externalIPs are deprecated since Kubernetes 1.36 and disabled by default in 1.40",
    hint: "use a LoadBalancer Service whose implementation assigns the address, or a Gateway",
    explanation:
      "Every user with the right to create a Service can claim any address with externalIPs. The feature gate AllowServiceExternalIPs controls the field: it is on by default in 1.36 and off by default from 1.40 on, where kube-proxy programs no rules for external IPs.",
  },
  "proxy-mode-deprecated": {
    severity: "warning",
    message: "mode ipvs is deprecated; planned: disabled by default in Kubernetes 1.40, removed in 1.43 (KEP-5495)",
    hint: "migrate the nodes to mode nftables; portolan migrate shows what changes",
    explanation:
      "The ipvs mode of kube-proxy is deprecated since 1.35 in favour of nftables. KEP-5495 plans that from 1.40 on kube-proxy starts in it only with a feature gate, and that the mode is removed in 1.43.",
  },
  "proxy-mode-default-changes": {
    severity: "info",
    message: "no mode is set: the default is iptables up to Kubernetes 1.39 and changes in 1.40",
    hint: "set mode: iptables to keep it, or mode: nftables to choose when to migrate",
    explanation:
      "With an empty mode, kube-proxy uses its default. On Linux the default is iptables up to 1.39. In 1.40 it is no longer iptables, so an upgrade would change the rules of every node.",
  },
  "endpoints-deprecated": {
    severity: "info",
    message: "v1 Endpoints are deprecated since Kubernetes 1.33: write an EndpointSlice instead",
    explanation:
      "kube-proxy reads EndpointSlices only. Endpoints written by hand work only because a controller mirrors them into slices. They hold one family and have no zones or hints.",
  },
  "service-field-deprecated": {
    severity: "info",
    message: "{field} is deprecated since Kubernetes {since}: {instead}",
    explanation:
      "The API server still accepts the field. Its effect depends on the implementation, or a newer field has replaced it.",
  },
  "suppression-unknown": {
    severity: "warning",
    message: "portolan/suppress names {code}, which is not the code of a finding",
    explanation:
      "The annotation portolan/suppress holds codes separated by commas. Findings about the object with one of these codes are not reported. A code that does not exist suppresses nothing.",
  },
} as const satisfies CatalogPart;
