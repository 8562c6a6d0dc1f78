import type { CatalogPart } from "./entry.ts";

export const hostPortCodes = {
  "cni-config-invalid": {
    severity: "error",
    message: "{problem}",
    hint: "pass a file of the node's /etc/cni/net.d with --cni-config, or a HostPortConfiguration",
    explanation:
      "The rules for host ports depend on the configuration of the CNI network: its name, and the entry of the portmap plugin (type: portmap). It is read from a configuration list, from the entry alone, or from our own document HostPortConfiguration (portolan/v1alpha1) with network, plugin, podPrefix and podInterface.",
  },
  "host-ip-invalid": {
    severity: "warning",
    message: "hostIP {hostIp} is not an IP address: {effect}",
    hint: "write an address of the node, or leave hostIP out for all of them",
    explanation:
      "The API server accepts any text as hostIP. The portmap plugin takes what is no address (also one with leading zeros, such as 192.0.2.011) as an address of IPv6: a pod with IPv4 addresses alone gets no rule for the port, without an error; for a pod with an IPv6 address, ip6tables or nft refuse the rule, and the pod does not start.",
  },
  "host-port-pod-refused": {
    severity: "warning",
    message: "portmap refuses its configuration, so Pod {pod} does not start: {reason}",
    hint: "correct the plugin's entry in /etc/cni/net.d",
    explanation:
      "The portmap plugin checks its configuration before it does anything, and fails for every pod with a network of its own, with host ports or without: for an unknown backend, for a markMasqBit that is not between 0 and 31 or stands beside externalSetMarkChain, and for options of the other backend (conditions that begin with '-' or '!' and externalSetMarkChain belong to iptables).",
  },
  "host-port-stand-ins": {
    severity: "info",
    message:
      "names and comments have NAMESPACE_NAME, such as {example}, for the ID of a sandbox, which the API does not have",
    explanation:
      "The portmap plugin names the chain of a pod after the CNI network and the ID of the pod's sandbox, and writes both into comments. The API does not have the ID (Calico writes it into an annotation), so NAMESPACE_NAME stands for it. On a node the name of the chain and the comment differ; everything else is the same.",
  },
} as const satisfies CatalogPart;
