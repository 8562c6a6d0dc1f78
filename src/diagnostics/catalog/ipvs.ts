import type { CatalogPart } from "./entry.ts";

/** What the ipvs mode does otherwise than the iptables mode, said once per cause, and what is its alone. */
export const ipvsCodes = {
  "virtual-server-shared": {
    severity: "warning",
    message: "{address} is already the virtual server of another service port: {service} has no share in it",
    hint: "give one of the two another address or port",
    explanation:
      "IPVS has one virtual server for an address, port and protocol. kube-proxy lets the service port it comes to last own it, in the random order of a Go map, and takes the other's real servers out; Portolan gives it to the first in name order.",
  },
  "ipset-enlarged": {
    severity: "warning",
    message: "set {set} holds {count} entries, more than the 65,536 that kube-proxy makes room for",
    explanation:
      "kube-proxy creates its sets with ipset's default size, and entries beyond it fail one by one. Portolan gives the set room for all of them (maxelem), or its restore would fail as a whole.",
  },
  "ipvs-local-falls-back": {
    severity: "info",
    message:
      "policy Local without an endpoint here sends to endpoints of other nodes, where iptables mode drops (service ports: {count})",
    explanation:
      "In ipvs mode a virtual server of a service port with internalTrafficPolicy or externalTrafficPolicy Local holds this node's endpoints, or, where there is none, all that the node knows of: even the cluster IP then leads to other nodes. The iptables mode drops such traffic.",
  },
  "ipvs-unused-ports-rejected": {
    severity: "info",
    message: "ports of service addresses that no service port uses are rejected; in iptables mode such packets go on",
    explanation:
      "The ipvs mode binds every service address to this host (kube-ipvs0), so a packet to a port that no service port has ends here: KUBE-IPVS-FILTER rejects it, so that it cannot reach what the host itself listens on. In iptables mode no rule matches, and the packet is routed on.",
  },
  "ipvs-affinity-per-address": {
    severity: "info",
    message: "session affinity holds for one address and port, and while connections are open (service ports: {count})",
    explanation:
      "IPVS persistence belongs to a virtual server: a client that comes by the cluster IP and by a node port may meet two endpoints, and it is kept at its endpoint while it has connections open. In iptables mode an endpoint is remembered for the client whatever the address, and the timeout runs from its last new connection.",
  },
  "ipvs-node-shut-out": {
    severity: "info",
    message:
      "this node is outside the source ranges, so it is kept from these load balancer addresses by the address itself (service ports: {count})",
    explanation:
      "The ipvs mode makes a load balancer address an address of this host, so the node reaches it from that very address, which no source range can tell. kube-proxy shuts it out by a rule on the address (KUBE-IPVS-OUT-FILTER) or lets it in by the set KUBE-LOAD-BALANCER-SOURCE-IP; the iptables mode looks at the node's own address.",
  },
  "ipvs-host-addresses-served": {
    severity: "info",
    message:
      "service addresses are also addresses of this host: ports that no service port uses stay the host's own there (addresses: {count})",
    explanation:
      "An external or load balancer address that the host has on another interface is served but not bound to kube-ipvs0, so KUBE-IPVS-FILTER does not guard it: programs of the host that listen on all addresses answer there.",
  },
  "ipvs-no-short-circuit": {
    severity: "info",
    message:
      "with externalTrafficPolicy Local, pods and this node reach external addresses by local endpoints only; in iptables mode by all (service ports: {count})",
    explanation:
      "The iptables mode lets pods (where it can tell them) and the node itself pass the policy by, as if their traffic had gone out to the load balancer and come back somewhere else. The ipvs mode has one virtual server for everybody.",
  },
  "ipvs-no-loopback-node-ports": {
    severity: "info",
    message: "node ports do not answer on 127.0.0.1, as they do in iptables mode",
    explanation:
      "The ipvs mode ignores localhostNodePorts: virtual servers stand on the host's other addresses, and traffic from 127.0.0.0/8 leaves KUBE-SERVICES at once.",
  },
  "ipvs-ranges-before-refusal": {
    severity: "info",
    message:
      "sources outside the ranges of a load balancer without endpoints are dropped, others rejected; in iptables mode all are rejected (service ports: {count})",
    explanation:
      "In ipvs mode the firewall of source ranges stands before the virtual server whether it has real servers or not. The iptables mode writes a REJECT rule and no firewall for a service port without endpoints.",
  },
  "ipvs-node-ports-skip": {
    severity: "warning",
    message:
      "nodePortAddresses match no address of this host: service ports with a node port lose their health check port as well (service ports: {count})",
    explanation:
      "kube-proxy in ipvs mode gives up on a service port with a node port when no address of the host matches nodePortAddresses, before it opens the health check port. The cluster IP, external IPs and load balancer addresses are served.",
  },
} as const satisfies CatalogPart;
