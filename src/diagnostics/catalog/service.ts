import type { CatalogPart } from "./entry.ts";

export const serviceCodes = {
  "service-without-ports": {
    severity: "error",
    message: "the Service has no ports",
    explanation: "Every Service needs at least one port, unless it is headless or of type ExternalName.",
  },
  "service-port-unnamed": {
    severity: "error",
    message: "a Service with several ports needs a name for each port",
    hint: "give the port a name, such as http",
    explanation:
      "EndpointSlices are matched to service ports by name, so with more than one port every port needs its own.",
  },
  "service-port-duplicate": {
    severity: "error",
    message: "another port of this Service already uses {what}",
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
    message: "{got} is neither a port number nor a valid name of a container port",
    explanation:
      "targetPort is a number from 1 to 65535 or an IANA service name (at most 15 letters, digits and '-', with a letter in it). kube-proxy does not read it: the port numbers are in the EndpointSlices.",
  },
  "port-out-of-range": {
    severity: "error",
    message: "{field} must be from 1 to 65535, not {got}",
    explanation: "TCP, UDP and SCTP have ports from 1 to 65535; iptables-restore would reject other numbers.",
  },
  "node-port-out-of-range": {
    severity: "warning",
    message: "nodePort {got} is outside {range}",
    hint: "pass --service-node-port-range if this cluster uses another range",
    explanation:
      "The API server allocates node ports from a range (its flag --service-node-port-range, 30000-32767 by default). kube-proxy programs any number, and so does Portolan, but a cluster with this range would reject the object.",
  },
  "node-port-taken": {
    severity: "error",
    message: "nodePort {port} is already allocated to {owner}",
    explanation:
      "A node port belongs to one Service in the whole cluster, whatever its protocol. Only ports of one Service may share it, with different protocols. The API server's allocator rejects the second Service.",
  },
  "node-port-forbidden": {
    severity: "error",
    message: "a Service of type ClusterIP may not have a nodePort",
    hint: "set type: NodePort, or remove nodePort",
    explanation: "Node ports belong to the types NodePort and LoadBalancer.",
  },
  "cluster-ip-taken": {
    severity: "error",
    message: "cluster IP {ip} is already allocated to {owner}",
    explanation: "A cluster IP belongs to one Service. The API server's allocator rejects the second Service.",
  },
  "cluster-ips-mismatch": {
    severity: "error",
    message: "clusterIPs must {rule}",
    explanation:
      "clusterIP and the first entry of clusterIPs must be equal. clusterIPs has at most one address per family, in the order of ipFamilies, or only None.",
  },
  "cluster-ip-forbidden": {
    severity: "error",
    message: "a Service of type {type} may not have {what}",
    explanation:
      "ExternalName Services are DNS aliases without addresses; NodePort and LoadBalancer Services cannot be headless.",
  },
  "cluster-ip-missing": {
    severity: "warning",
    message: "the Service has no clusterIP, so it gets no rules",
    hint: "set it, export the Service from a cluster, which assigns one, or pass --simulate",
    explanation:
      "The API server assigns cluster IPs. A manifest that was never applied to a cluster has none, and kube-proxy skips a Service without one.",
  },
  "node-port-missing": {
    severity: "warning",
    message: "the port has no nodePort, so nodes do not serve it",
    hint: "set it, export the Service from a cluster, which assigns one, or pass --simulate",
    explanation: "The API server assigns node ports of NodePort and LoadBalancer Services.",
  },
  "ip-families-invalid": {
    severity: "error",
    message: "ipFamilies must be IPv4, IPv6 or both, each once",
    explanation: "The families of a Service are those of its cluster IPs, in the same order.",
  },
  "ip-family-policy-mismatch": {
    severity: "error",
    message: "ipFamilyPolicy SingleStack conflicts with two cluster IPs or two families",
    hint: "set PreferDualStack or RequireDualStack, or remove one of the two",
    explanation:
      "A Service with two families needs the policy PreferDualStack or RequireDualStack; otherwise the API server rejects it.",
  },
  "topology-annotations-differ": {
    severity: "error",
    message: "the annotations topology-mode and topology-aware-hints have different values",
    hint: "remove service.kubernetes.io/topology-aware-hints, which is the older name",
    explanation:
      "The two annotations are the old and the new name of one setting. The API server rejects different values.",
  },
  "external-name-invalid": {
    severity: "error",
    message: "an ExternalName Service needs a DNS name in externalName",
    explanation: "An ExternalName Service is only a CNAME record; kube-proxy programs no rules for it.",
  },
  "service-field-forbidden": {
    severity: "error",
    message: "{field} can only be set for {whom}",
    explanation: "The API server rejects the field on other Services.",
  },
  "affinity-timeout-out-of-range": {
    severity: "error",
    message: "timeoutSeconds must be from 1 to 86400, not {got}",
    explanation: "Session affinity lasts at most one day.",
  },
  "health-check-node-port-missing": {
    severity: "warning",
    message: "the Service has no healthCheckNodePort, so load balancers cannot check which nodes have local endpoints",
    hint: "set it, export the Service from a cluster, which assigns one, or pass --simulate",
    explanation:
      "The API server allocates a health check port for a LoadBalancer Service with externalTrafficPolicy Local. kube-proxy answers on it and writes a rule that accepts traffic to it.",
  },
  "service-other-proxy": {
    severity: "warning",
    message:
      "the label service.kubernetes.io/service-proxy-name assigns the Service to another proxy: it gets no rules",
    explanation: "kube-proxy does not watch Services with this label, whatever its value, even if it is empty.",
  },
  "ingress-hostname-ignored": {
    severity: "info",
    message: "a load balancer ingress with a host name gets no rules",
    explanation:
      "kube-proxy handles traffic to ingress IP addresses only. A host name is resolved by DNS outside the cluster.",
  },
  "ingress-proxy-ignored": {
    severity: "warning",
    message: "ingress {ip} has ipMode Proxy: it gets no rules",
    explanation:
      "With ipMode Proxy the load balancer terminates connections and reaches nodes by node port (KEP-1860). kube-proxy programs no rules for the address: pods reach it over the network.",
  },
  "ingress-on-wrong-type": {
    severity: "warning",
    message: "the Service is not a LoadBalancer, but its status has ingress addresses; kube-proxy serves them anyway",
    explanation:
      "A Service that used to be a LoadBalancer may keep a stale status. kube-proxy reads the status whatever the type is.",
  },
  "source-ranges-other-family": {
    severity: "warning",
    message: "no source range is {family}: {family} traffic to the load balancer is not restricted",
    hint: "add a range of this family to restrict it",
    explanation:
      "kube-proxy splits loadBalancerSourceRanges by family; a family without ranges has no firewall chain, and every source is allowed.",
  },
  "source-range-zero": {
    severity: "warning",
    message: "{range} allows every source, so the other {family} ranges have no effect",
    explanation:
      "A range with prefix length 0 removes all restrictions of its family: kube-proxy creates no firewall chain.",
  },
  "external-ips-disabled": {
    severity: "warning",
    message: "the feature gate AllowServiceExternalIPs is off: externalIPs get no rules",
    explanation:
      "The gate is on by default and deprecated in 1.36. When it is off, kube-proxy still treats the Service as reachable from outside and writes its KUBE-EXT chain, although no rule jumps to it. Portolan writes the same.",
  },
  "nft-comment-too-long": {
    severity: "warning",
    message:
      "{name} is longer than {longest} characters: in nftables mode kube-proxy fails to write any rule while the service port lacks endpoints",
    hint: "shorten the name of the namespace, the Service or its port",
    explanation:
      "In nftables mode kube-proxy names a service port without endpoints in the comment of an element, and nft refuses comments of more than 128 characters. The whole transaction fails, so no Service of the family is updated any more. Portolan truncates the comment.",
  },
  "vip-shared": {
    severity: "warning",
    message: "{vip} is also an address of {owner}: only one of the two gets its traffic",
    hint: "change the address or port of one of the two",
    explanation:
      "Two Services use the same address, port and protocol. kube-proxy writes rules for both in the random order of a Go map, and the first matching rule wins: which Service gets the traffic may change with every restart. Portolan writes the rules in name order, so the Service that is first by namespace and name wins. In ipvs mode there is one virtual server for the address and port, and the other Service gets no traffic (virtual-server-shared). In nftables mode the address and port is one key of a map: the Service that kube-proxy writes last gets it, which may change with every sync.",
  },
} as const satisfies CatalogPart;
