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
  "host-ip-family": {
    severity: "warning",
    message: "hostIP {hostIp} is of one family: {effect}",
    hint: "leave hostIP out, or add the port once more with an address of the other family",
    explanation:
      "A hostIP maps the port in its own family alone; 0.0.0.0 is every IPv4 address of the node and none of IPv6, and :: the other way round. Without hostIP the port is mapped in every family that the pod has.",
  },
  "host-ip-not-on-node": {
    severity: "warning",
    message: "hostIP {hostIp} is none of the addresses that Node {node} lists",
    hint: "write an address of that node, or leave hostIP out for all of them",
    explanation:
      "The portmap plugin accepts any address, but its rules meet only packets to an address of the node itself (--dst-type LOCAL, fib daddr type local). The Node lists the addresses that the kubelet knows; a node may have more, such as one of another interface.",
  },
  "host-port-taken": {
    severity: "error",
    message: "hostPort {port} of {node} is that of {pod}, which started first: this pod {loss}",
    hint: "give one of the two another port or hostIP, or move it to another node",
    explanation:
      "Two pods of a node claim the same port. The scheduler puts no two such pods on one node; pods that name their node, static pods among them, pass it by. The portmap plugin appends its rules, so the pod that started first has the port until it stops, and the other then takes over. Of two pods in the host's network the second cannot listen.",
  },
  "host-port-host-network": {
    severity: "error",
    message: "{port} of {node} is also the hostPort of {pod}: what this pod listens on gets nothing from outside",
    hint: "give one of the two another port, or move it to another node",
    explanation:
      "A pod in the host's network listens on the node's own port. A hostPort of another pod is no socket but a rule, and rules come first: packets from outside, and from the node by its addresses, go to the pod with the hostPort, while the listening process sees no error.",
  },
  "host-port-sidecar-unmapped": {
    severity: "warning",
    message: "hostPort {port} of an init container is reserved on the node, and never mapped",
    hint: "move the port to a container of spec.containers",
    explanation:
      "The kubelet hands the ports of spec.containers to the network plugin, not those of init containers, even where these keep running as sidecars (restartPolicy: Always; kubernetes/kubernetes#132040). The scheduler does reserve the port. Network plugins that map ports by themselves, such as Cilium, serve it.",
  },
  "host-port-in-node-port-range": {
    severity: "warning",
    message: "hostPort {port} is in the range of node ports, {range}: any Service may be given the same port",
    hint: "use a port outside the range",
    explanation:
      "The API server gives node ports out of its --service-node-port-range without looking at host ports. Where both have one number, the node port wins in iptables mode and the host port in ipvs mode; Cilium serves no host port in the range.",
  },
  "host-port-on-node-address-service": {
    severity: "error",
    message: "{address} is an address of a node, where {port} is also the hostPort of {pod}: the Service wins there",
    hint: "change one of the two ports, or give the Service an address that no node has",
    explanation:
      "An external IP or load balancer IP that is a node's own address (k3s ServiceLB, MetalLB, addresses written by hand) competes with host ports on it. kube-proxy's rules come first, so the Service has the port at that address, and the pod at the node's other addresses. Where the Service has no endpoint to send to, the packet falls through to the pod instead of being refused.",
  },
  "host-port-behind-source-ranges": {
    severity: "error",
    message: "loadBalancerSourceRanges do not hold at {address}: other sources reach {pod} by its hostPort {port}",
    hint: "change one of the two ports; source ranges do not protect a hostPort",
    explanation:
      "In iptables mode kube-proxy sends only sources inside the ranges to the Service and drops the others later, by the address they were sent to. portmap's rules come in between: they send a packet from any other source to the pod, and the rule that drops no longer finds the address.",
  },
  "host-port-captures-cluster-ips": {
    severity: "warning",
    message:
      "in this mode hostPort {port} also answers on cluster IPs (Services: {count}), which are addresses of the node",
    hint: "set a hostIP, which keeps the port to that address of the node",
    explanation:
      "In ipvs mode kube-proxy binds every cluster IP to a device of the node, so a rule for local addresses meets it. Ports that a Service has keep to the Service; at any other port with the number of a hostPort the pod answers on every cluster IP of the node, where the connection would otherwise be refused.",
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
