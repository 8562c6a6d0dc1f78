import type { CatalogPart } from "./entry.ts";

/** What `portolan check` says of the modes and their limits, of what is going to end, and of itself. */
export const checkClusterCodes = {
  "affinity-remembers-few": {
    severity: "info",
    message: "session affinity in iptables mode remembers 100 clients of each endpoint (Services: {count})",
    hint: "raise it on the nodes: options xt_recent ip_list_tot=5000 in /etc/modprobe.d",
    explanation:
      "In iptables mode kube-proxy remembers clients with the kernel module xt_recent, one list for each endpoint. The module keeps 100 addresses in a list unless it is loaded with another ip_list_tot; a further client drives out the one not seen for longest, which may meet another endpoint long before timeoutSeconds. IPVS has no such limit. The timeout itself fits both modes: up to a day, the most the API server takes.",
  },
  "rules-per-packet": {
    severity: "info",
    message: "the first packet of a connection passes up to {rules} rules of table nat, the most for {service}",
    hint: "mode nftables looks the address up in one step, however many Services there are",
    explanation:
      "In iptables mode the chain KUBE-SERVICES holds a rule for each address and port, and the kernel walks through them one by one. The Service that comes last pays for all before it; kube-proxy's own order is random. Only the first packet of a connection meets table nat.",
  },
  "external-ips-deprecated": {
    severity: "warning",
    message: "externalIPs are deprecated since Kubernetes 1.36 and switched off by default in 1.40",
    hint: "use a LoadBalancer Service, with an implementation that hands out the address, or a Gateway",
    explanation:
      "Whoever may create a Service can take any address with externalIPs. The feature gate AllowServiceExternalIPs, on by default in 1.36, guards them; from 1.40 on it is off by default, and kube-proxy makes no rules for the field.",
  },
  "proxy-mode-deprecated": {
    severity: "warning",
    message: "mode ipvs is deprecated, switched off by default in Kubernetes 1.40 and gone in 1.43",
    hint: "move the nodes to mode nftables",
    explanation:
      "The ipvs mode of kube-proxy is deprecated in favour of nftables. In 1.40 kube-proxy refuses it unless a feature gate says otherwise, and in 1.43 the mode is removed.",
  },
  "proxy-mode-default-changes": {
    severity: "info",
    message: "no mode is set: that means iptables today and no longer from Kubernetes 1.40 on",
    hint: "set mode: iptables to stay, or mode: nftables to move on your own terms",
    explanation:
      "An empty mode lets kube-proxy choose. On Linux that is iptables up to 1.39; in 1.40 iptables is no longer the default, so an upgrade would change the rules of every node.",
  },
  "endpoints-deprecated": {
    severity: "info",
    message: "v1 Endpoints are deprecated since Kubernetes 1.33: write an EndpointSlice instead",
    explanation:
      "kube-proxy reads EndpointSlices only. A controller mirrors Endpoints written by hand into slices, which is all that makes them work; they hold one family and no zones or hints.",
  },
  "service-field-deprecated": {
    severity: "info",
    message: "{field} is deprecated since Kubernetes {since}: {instead}",
    explanation:
      "The API server still takes the field. What it does depends on the implementation, or it is another name for something newer, so it is better replaced while that is easy.",
  },
  "suppression-unknown": {
    severity: "warning",
    message: "portolan/suppress names {code}, which is no code of a finding",
    explanation:
      "The annotation portolan/suppress holds codes with commas between them. Findings of these codes about the object are left out. A code that does not exist suppresses nothing.",
  },
} as const satisfies CatalogPart;
