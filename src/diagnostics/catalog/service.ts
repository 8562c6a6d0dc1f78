import type { CatalogPart } from "./entry.ts";

export const serviceCodes = {
  "service-without-ports": {
    severity: "error",
    message: "the Service has no ports",
    explanation: "Every Service but a headless or ExternalName one needs at least one port.",
  },
  "service-port-unnamed": {
    severity: "error",
    message: "a Service with several ports needs a name for each",
    hint: "give the port a name, such as http",
    explanation:
      "EndpointSlices are matched to service ports by name, so with more than one port every port needs its own.",
  },
  "service-port-duplicate": {
    severity: "error",
    message: "{what} is used by another port of this Service",
    explanation:
      "Within a Service, port names must differ, and so must the pairs of port and protocol and of nodePort and protocol.",
  },
  "service-port-name-invalid": {
    severity: "error",
    message: "{name} is not a valid port name: lower-case letters, digits and '-', at most 63",
    explanation: "A service port's name is an RFC 1123 label; kube-proxy writes it into comments and chain names.",
  },
  "service-target-port-invalid": {
    severity: "error",
    message: "{got} is neither a port number nor the name of a container port",
    explanation:
      "targetPort is a number from 1 to 65535 or an IANA service name (at most 15 letters, digits and '-', with a letter in it). kube-proxy never reads it: the EndpointSlices carry the numbers.",
  },
  "port-out-of-range": {
    severity: "error",
    message: "{field} must be from 1 to 65535, not {got}",
    explanation: "TCP, UDP and SCTP have ports from 1 to 65535; iptables-restore would refuse another number.",
  },
  "node-port-out-of-range": {
    severity: "warning",
    message: "nodePort {got} lies outside {range}",
    hint: "--service-node-port-range says which ports this cluster hands out",
    explanation:
      "The API server hands out node ports from a range (its flag --service-node-port-range, 30000-32767 by default). kube-proxy programs any number, and so does Portolan; a cluster with this range would refuse the object.",
  },
  "node-port-taken": {
    severity: "error",
    message: "nodePort {port} is already taken by {owner}",
    explanation:
      "A node port belongs to one Service in the whole cluster, whatever its protocol; only ports of one Service with the same port number may share it between protocols. The API server's allocator refuses the second.",
  },
  "node-port-forbidden": {
    severity: "error",
    message: "a Service of type ClusterIP may not have a nodePort",
    hint: "set type: NodePort, or leave nodePort out",
    explanation: "Node ports belong to the types NodePort and LoadBalancer.",
  },
  "cluster-ip-taken": {
    severity: "error",
    message: "cluster IP {ip} is already taken by {owner}",
    explanation: "A cluster IP belongs to one Service. The API server's allocator refuses the second.",
  },
  "cluster-ips-mismatch": {
    severity: "error",
    message: "clusterIPs must {rule}",
    explanation:
      "clusterIP and the first of clusterIPs are one field in two spellings; clusterIPs holds at most one address of each family, in the order of ipFamilies, or None alone.",
  },
  "cluster-ip-forbidden": {
    severity: "error",
    message: "a Service of type {type} may not have {what}",
    explanation:
      "ExternalName Services are DNS aliases without addresses; NodePort and LoadBalancer Services cannot be headless.",
  },
  "cluster-ip-missing": {
    severity: "warning",
    message: "the Service has no clusterIP, so no rules are made for it",
    hint: "only a cluster fills it in: give one, export the Service from a cluster, or say --simulate",
    explanation:
      "The API server assigns cluster IPs. A manifest that was never stored has none, and kube-proxy skips a Service without one.",
  },
  "node-port-missing": {
    severity: "warning",
    message: "the port has no nodePort, so it is not opened on nodes",
    hint: "only a cluster fills it in: give one, export the Service from a cluster, or say --simulate",
    explanation: "The API server assigns node ports of NodePort and LoadBalancer Services.",
  },
  "ip-families-invalid": {
    severity: "error",
    message: "ipFamilies must hold IPv4, IPv6 or both, each once",
    explanation: "The families of a Service are those of its cluster IPs, in the same order.",
  },
  "ip-family-policy-mismatch": {
    severity: "error",
    message: "ipFamilyPolicy SingleStack does not go with two cluster IPs or two families",
    hint: "write PreferDualStack or RequireDualStack, or leave one of the two out",
    explanation:
      "A Service of two families has the policy PreferDualStack or RequireDualStack; the API server says so.",
  },
  "topology-annotations-differ": {
    severity: "error",
    message: "the annotations topology-mode and topology-aware-hints say different things",
    hint: "remove service.kubernetes.io/topology-aware-hints, which is the older name",
    explanation: "The two annotations are one setting under an old and a new name. The API server refuses two values.",
  },
  "external-name-invalid": {
    severity: "error",
    message: "an ExternalName Service needs a DNS name in externalName",
    explanation: "The type makes a CNAME record and nothing else; kube-proxy makes no rules for it.",
  },
  "service-field-forbidden": {
    severity: "error",
    message: "{field} may only be set for {whom}",
    explanation: "The API server refuses the field on other kinds of Services.",
  },
  "affinity-timeout-out-of-range": {
    severity: "error",
    message: "timeoutSeconds must be from 1 to 86400, not {got}",
    explanation: "A client is kept at its endpoint for at most a day.",
  },
  "health-check-node-port-missing": {
    severity: "warning",
    message: "the Service has no healthCheckNodePort, so load balancers cannot ask this node for local endpoints",
    hint: "only a cluster fills it in: give one, export the Service from a cluster, or say --simulate",
    explanation:
      "A LoadBalancer Service with externalTrafficPolicy Local gets a health check port from the API server; kube-proxy answers on it and writes a rule that accepts it.",
  },
  "service-other-proxy": {
    severity: "warning",
    message: "the label service.kubernetes.io/service-proxy-name hands the Service to another proxy: no rules",
    explanation: "kube-proxy does not even watch Services with this label, whatever its value, the empty one included.",
  },
  "ingress-hostname-ignored": {
    severity: "info",
    message: "load balancer ingress by host name makes no rules",
    explanation: "kube-proxy short-cuts traffic to ingress addresses only; a host name resolves outside.",
  },
  "ingress-proxy-ignored": {
    severity: "warning",
    message: "ingress {ip} has ipMode Proxy: no rules are made for it",
    explanation:
      "ipMode Proxy says that the load balancer terminates connections and reaches nodes by node port (KEP-1860), so kube-proxy leaves the address alone: pods reach it over the network.",
  },
  "ingress-on-wrong-type": {
    severity: "warning",
    message:
      "the Service is no LoadBalancer, yet its status holds ingress addresses; kube-proxy serves them all the same",
    explanation:
      "A Service that once was a LoadBalancer may keep a stale status. kube-proxy reads the status whatever the type is.",
  },
  "source-ranges-other-family": {
    severity: "warning",
    message: "no source range is {family}, so {family} traffic to the load balancer is not restricted",
    hint: "add a range of the other family to close it",
    explanation:
      "kube-proxy splits loadBalancerSourceRanges by family; a family without ranges has no firewall chain at all, and every source may pass.",
  },
  "source-range-zero": {
    severity: "warning",
    message: "{range} admits every source, so the other {family} ranges have no effect",
    explanation:
      "One range of prefix length 0 lifts all restrictions of its family: kube-proxy makes no firewall chain.",
  },
  "external-ips-disabled": {
    severity: "warning",
    message: "externalIPs are switched off by the feature gate AllowServiceExternalIPs: no rules are made for them",
    explanation:
      "The gate is on by default and deprecated in 1.36. When it is off the Service still counts as reachable from outside, so its KUBE-EXT chain is written though nothing jumps there; Portolan writes the same.",
  },
  "vip-shared": {
    severity: "warning",
    message: "{vip} is also an address of {owner}: the first rule in the chain wins",
    hint: "give one of the two another address or port",
    explanation:
      "Two Services answer on one address, port and protocol. kube-proxy writes rules for both, in the random order of a Go map, and the first that matches wins: which one may change with every restart. Portolan writes them in name order, so that the Service that comes first by namespace and name wins. In ipvs mode there is one virtual server for the address and port, and the others have no share in it (virtual-server-shared).",
  },
} as const satisfies CatalogPart;
