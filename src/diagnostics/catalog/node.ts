import type { CatalogPart } from "./entry.ts";

export const nodeCodes = {
  "node-not-chosen": {
    severity: "error",
    message: "the input has {count} Nodes and no node was chosen",
    hint: "pass --node NAME; compile, diff and explain also accept --all-nodes",
    explanation:
      "kube-proxy programs each node differently: endpoints are local or remote, and zones differ. If the input has exactly one Node, --node is optional.",
  },
  "node-name-needed": {
    severity: "error",
    message: "the input has no Node: pass --node NAME",
    explanation:
      "Without a Node document, the name determines which endpoints are local. The node then has no addresses, zone or pod CIDRs.",
  },
  "node-unknown": {
    severity: "error",
    message: "the input has no Node {name}",
    explanation: "The input has Nodes, but none with the name passed with --node.",
  },
  "node-absent": {
    severity: "warning",
    message: "no Node document for {name}: it is compiled without addresses, zone and pod CIDRs",
    hint: "add it to the input: kubectl get nodes -o yaml",
    explanation:
      "Endpoints with the nodeName of this node are still local. Node ports, topology hints and source ranges depend on the addresses and labels of the Node document.",
  },
  "node-address-ignored": {
    severity: "warning",
    message: "{type} {address} is not an IP address: kube-proxy ignores it",
    explanation: "kube-proxy takes the node's IPs from the valid status.addresses of type InternalIP or ExternalIP.",
  },
  "pod-cidr-missing": {
    severity: "error",
    message: "detectLocalMode NodeCIDR needs spec.podCIDRs on Node {name}; without them kube-proxy does not start",
    explanation:
      "With NodeCIDR, kube-proxy detects local pods by the node's own pod CIDRs, and waits at startup until they are assigned.",
  },
  "pod-cidrs-same-family": {
    severity: "error",
    message: "podCIDRs must have at most one CIDR per family",
    explanation: "A Node has one pod CIDR, or one per family. The API server rejects more.",
  },
  "service-cidr-empty": {
    severity: "error",
    message: "the ServiceCIDR has no network in spec.cidrs",
    explanation: "A ServiceCIDR holds one network, or one per family. The API server rejects one without any.",
  },
  "service-cidr-same-family": {
    severity: "error",
    message: "spec.cidrs must have at most one network per family",
    explanation: "A ServiceCIDR holds one network, or one per family. The API server rejects more.",
  },
  "service-cidr-not-canonical": {
    severity: "error",
    message: "{value} must be written as {canonical}",
    explanation:
      "The API server accepts a ServiceCIDR only in canonical form: no bits beyond the prefix length, no leading zeros, IPv6 as in RFC 5952.",
  },
  "pod-cidr-wrong-family": {
    severity: "error",
    message:
      "the primary family is {primary}, but podCIDRs of Node {name} have only the other family; kube-proxy does not start",
    explanation:
      "The primary family is that of the node's first IP (or of bindAddress). With NodeCIDR, kube-proxy exits if no pod CIDR has this family.",
  },
  "node-ports-match-nothing": {
    severity: "warning",
    message: "nodePortAddresses match no {family} address of this node: its node ports are not reachable",
    explanation:
      "kube-proxy accepts node port traffic on the host's addresses within nodePortAddresses. None matches, so the chain KUBE-NODEPORTS has rules but no rule jumps to it.",
  },
  "local-detection-missing": {
    severity: "info",
    message: "the {family} pod CIDR is unknown: external traffic to {family} cluster IPs is not masqueraded",
    hint: "set clusterCIDR in the kube-proxy configuration, or another detectLocalMode",
    explanation:
      "kube-proxy masquerades traffic to cluster IPs that does not come from a pod, if it can detect local traffic (detectLocalMode). With ClusterCIDR and no CIDR of the family it cannot, and writes no such rule.",
  },
} as const satisfies CatalogPart;
