import type { CatalogPart } from "./entry.ts";

export const nodeCodes = {
  "node-not-chosen": {
    severity: "error",
    message: "the input has {count} Nodes: say for which one to compile",
    hint: "say --node NAME; compile, diff and explain also take --all-nodes",
    explanation:
      "kube-proxy programs each node differently: endpoints are local or remote, zones differ. With exactly one Node in the input --node may be left out.",
  },
  "node-name-needed": {
    severity: "error",
    message: "the input has no Node, so --node must name one",
    explanation:
      "Without a Node document the name alone decides which endpoints are local; the node then has no addresses, zone or pod ranges.",
  },
  "node-unknown": {
    severity: "error",
    message: "there is no Node {name} in the input",
    explanation: "The input has Nodes, but none of the name given by --node.",
  },
  "node-absent": {
    severity: "warning",
    message: "no Node document for {name}: it is compiled without addresses, zone and pod ranges",
    hint: "add it to the input: kubectl get nodes -o yaml",
    explanation:
      "Endpoints whose nodeName is this node are local all the same. Node ports, topology hints and the node's place in source ranges need its addresses and labels.",
  },
  "node-address-ignored": {
    severity: "warning",
    message: "{type} {address} is not an IP address: kube-proxy ignores it",
    explanation:
      "kube-proxy takes the node's IPs from those status.addresses of type InternalIP or ExternalIP that parse.",
  },
  "pod-cidr-missing": {
    severity: "error",
    message: "detectLocalMode NodeCIDR needs spec.podCIDRs on Node {name}; kube-proxy waits for them and never starts",
    explanation:
      "With NodeCIDR, kube-proxy tells local pods by the node's own pod ranges, and waits at its start until they are assigned.",
  },
  "pod-cidrs-same-family": {
    severity: "error",
    message: "podCIDRs must hold at most one range of each family",
    explanation: "A Node has one pod range, or one of each family. The API server refuses others.",
  },
  "pod-cidr-wrong-family": {
    severity: "error",
    message:
      "the cluster is {primary}-primary, but podCIDRs of Node {name} hold only the other family; kube-proxy does not start",
    explanation:
      "The primary family is that of the node's first IP (or of bindAddress). NodeCIDR without a range of it is fatal.",
  },
  "node-ports-match-nothing": {
    severity: "warning",
    message: "nodePortAddresses match no {family} address of this node: its node ports are not reachable",
    explanation:
      "kube-proxy accepts node port traffic on the host's addresses within nodePortAddresses. None matches, so the chain KUBE-NODEPORTS is filled but nothing leads into it.",
  },
  "local-detection-missing": {
    severity: "info",
    message:
      "no {family} pod range is known: traffic from outside the cluster to {family} cluster IPs is not masqueraded",
    hint: "set clusterCIDR in the kube-proxy configuration, or another detectLocalMode",
    explanation:
      "kube-proxy masquerades traffic to cluster IPs that does not come from a pod, if it can tell pods (detectLocalMode). With ClusterCIDR and no CIDR of the family it cannot, and writes no such rule.",
  },
} as const satisfies CatalogPart;
