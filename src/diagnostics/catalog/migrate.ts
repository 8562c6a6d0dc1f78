import type { CatalogPart } from "./entry.ts";

/** Findings of `portolan migrate`: what changes when kube-proxy leaves iptables or ipvs mode for nftables. */
export const migrateCodes = {
  "migrate-kernel-too-old": {
    severity: "error",
    message: "kube-proxy does not start in nftables mode on kernels older than 5.13",
    hint: "upgrade the kernel of these nodes before they change mode; their nft must be 1.0.1 or later",
    explanation:
      "In nftables mode kube-proxy checks the kernel at its start and exits if it is older than 5.13. It also needs the command nft in version 1.0.1 or later, which is part of its container image. The kernel versions are those of status.nodeInfo.kernelVersion of the Nodes.",
  },
  "migrate-host-firewall": {
    severity: "warning",
    message: "a firewall of the host refuses packets that kube-proxy accepts today",
    hint: "let packets to Service endpoints pass in FORWARD, and health checks and node ports in INPUT, before the change",
    explanation:
      "In iptables and ipvs mode kube-proxy accepts marked and established packets in FORWARD, and health check ports in INPUT, with rules that come first. In nftables mode it has a table of its own, and an accept there does not override the drop of another table. A host firewall whose policy is drop, or which ends in a drop, must allow the traffic of Services itself. What it sees in FORWARD has the endpoint's address as destination.",
  },
  "migrate-foreign-hooks": {
    severity: "warning",
    message: "rules of other programs jump to chains of kube-proxy or match on its sets, which disappear",
    hint: "change these rules: there is no chain, set or mark in nftables mode that others may use",
    explanation:
      "In nftables mode kube-proxy has no chains KUBE-*, no KUBE-MARK-MASQ and no sets, and the mark that it uses for masquerading is its own. Rules that depend on them do nothing: at its start kube-proxy flushes its old chains, and those that others jump to stay empty.",
  },
  "migrate-node-ports-primary-address": {
    severity: "warning",
    message: "node ports answer on the primary address of a node only",
    hint: "set nodePortAddresses to the networks whose addresses clients use, or use the configuration below, which keeps every address",
    explanation:
      "Without nodePortAddresses, kube-proxy opens node ports on every local address in iptables and ipvs mode, and only on the node's primary address of each family in nftables mode. Packets to node ports on other addresses, such as a second interface, an external address of the node or an address of a bridge, are not handled any more: the node itself answers, usually with a reset. A value of 0.0.0.0/0 or ::/0 means every address of the family except loopback.",
  },
  "migrate-node-ports-loopback": {
    severity: "warning",
    message: "node ports do not answer on 127.0.0.1, whatever the configuration",
    hint: "make these clients use the node's address or the cluster IP; container registries on localhost:NODEPORT are the usual case",
    explanation:
      "In iptables mode kube-proxy opens IPv4 node ports on 127.0.0.1 by default (iptables.localhostNodePorts) and sets route_localnet for it. The nftables mode never does: no value of nodePortAddresses brings this back.",
  },
  "migrate-local-policy-drops": {
    severity: "warning",
    message: "policy Local without an endpoint on the node drops packets; ipvs mode sends them to other nodes",
    hint: "run an endpoint on each node that clients use (a DaemonSet, topology spread), let the load balancer check healthCheckNodePort, or use policy Cluster",
    explanation:
      "With externalTrafficPolicy or internalTrafficPolicy Local, iptables and nftables mode drop the packets that arrive at a node without an endpoint of its own. In ipvs mode kube-proxy uses the endpoints of all nodes instead where there is none on the node, so clients of such a node do not notice the policy.",
  },
  "migrate-local-policy-in-cluster": {
    severity: "info",
    message: "pods and nodes reach all endpoints at the external addresses of Services with policy Local",
    explanation:
      "In iptables and nftables mode kube-proxy treats traffic from pods and from the node itself to the external addresses of a Service with externalTrafficPolicy Local like traffic to its cluster IP. In ipvs mode it uses the endpoints of the node only. More endpoints receive such connections, and connections of the node itself are masqueraded.",
  },
  "migrate-source-ranges": {
    severity: "warning",
    message: "loadBalancerSourceRanges apply to other packets",
    hint: "compare loadBalancerSourceRanges with the example packet, and add the ranges of clients that must be served",
    explanation:
      "In nftables mode packets from outside the ranges of a Service are dropped before anything else is decided, whether the Service has endpoints or not. In iptables mode a Service without endpoints rejects all packets instead. In ipvs mode a process of the node that binds an address of the node passes the ranges, since rules of table filter look for the Service's own address as the source.",
  },
  "migrate-unused-ports-rejected": {
    severity: "info",
    message: "unused ports of cluster IPs, and ping to them, are rejected",
    hint: "replace monitoring that pings a cluster IP by a connection to a port of the Service",
    explanation:
      "In iptables mode packets to a port of a cluster IP that no service port has are not handled: they leave the node by its routes, and the client waits or gets the answer of a router. In nftables mode a forwarded TCP connection is refused at once, and local senders get an error (EPERM). This includes ping and other protocols.",
  },
  "migrate-unused-ports-passed-on": {
    severity: "info",
    message: "unused ports of external addresses are not rejected any more",
    hint: "make sure that no route sends packets for these addresses back to the node (a loop between node and router)",
    explanation:
      "In ipvs mode the addresses of Services are bound to the node, and packets to an unused port of any of them are rejected. In nftables mode that holds for cluster IPs only. Packets to unused ports of external and load balancer IPs are not handled: they follow the routes of the node, as if there were no Service.",
  },
  "migrate-unallocated-addresses": {
    severity: "info",
    message: "packets to addresses of a ServiceCIDR that no Service has are dropped",
    hint: "make sure that nothing else uses an address of these networks",
    explanation:
      "In nftables mode kube-proxy drops new packets to the networks of ServiceCIDR objects that are no cluster IP. In the other modes such packets leave the node by its routes.",
  },
  "migrate-invalid-packets": {
    severity: "info",
    message: "packets in conntrack state INVALID are not dropped",
    hint: "set conntrack.tcpBeLiberal: true (as in the configuration below) where resets of long connections matter",
    explanation:
      "In iptables mode kube-proxy drops forwarded packets that conntrack calls INVALID, since such packets would leave without the translation of their connection and the peer would answer with a reset (kubernetes/kubernetes#74839). The nftables mode has no such rule. With conntrack.tcpBeLiberal kube-proxy sets nf_conntrack_tcp_be_liberal, and packets outside of the TCP window are not INVALID in the first place.",
  },
  "migrate-hairpin": {
    severity: "info",
    message: "fewer connections of pods to themselves are masqueraded",
    explanation:
      "A pod that reaches itself through a Service needs a masqueraded source. In iptables mode every endpoint has such a rule on every node, in ipvs mode every local one. In nftables mode only those endpoints have one that are on the node and in use there, since packets of a pod to itself do not pass other nodes.",
  },
  "migrate-source-address": {
    severity: "warning",
    message: "endpoints see another source address",
    hint: "check network policies and address lists that match on the source address of these connections",
    explanation:
      "The modes decide differently which connections are masqueraded (have their source replaced by an address of the node). The example packet shows one of them. The nftables mode reads masqueradeAll from the section nftables, the other modes from the section iptables.",
  },
  "migrate-affinity-restarts": {
    severity: "info",
    message: "session affinity starts anew: clients may change their endpoint once",
    hint: "change the mode of nodes when few sessions are open",
    explanation:
      "The mode that a node leaves keeps the endpoints of clients in its own lists (xt_recent, or the persistence of IPVS). The nftables mode has sets of its own, which are empty at first. Connections that are open stay at their endpoint as long as conntrack knows them.",
  },
  "migrate-affinity-scope": {
    severity: "info",
    message: "session affinity covers all addresses of a service port, and at most 65,535 clients per endpoint",
    explanation:
      "In ipvs mode a client that uses the cluster IP and the node port of a Service may have a different endpoint at each, since the persistence belongs to a virtual server. In nftables mode one set of clients per endpoint covers all addresses of the service port.",
  },
  "migrate-scheduler": {
    severity: "warning",
    message: "IPVS schedulers do not exist: endpoints are chosen at random, all with the same share",
    hint: "set sessionAffinity: ClientIP on Services whose clients rely on a scheduler that hashes sources (sh, mh)",
    explanation:
      "In ipvs mode ipvs.scheduler decides which endpoint gets a connection: sh and mh send a client to the same endpoint each time, lc and others prefer endpoints with few connections. The nftables mode chooses at random, without weights, and ignores the setting.",
  },
  "migrate-ipvs-timeouts": {
    severity: "info",
    message: "the timeouts of the section ipvs do nothing; those of conntrack apply",
    hint: "set conntrack.tcpEstablishedTimeout, conntrack.udpTimeout and conntrack.udpStreamTimeout where the values matter",
    explanation:
      "ipvs.tcpTimeout, ipvs.tcpFinTimeout and ipvs.udpTimeout are times after which IPVS forgets an idle connection. In nftables mode conntrack alone keeps connections.",
  },
  "migrate-ipvs-connections": {
    severity: "warning",
    message: "connections that are open through IPVS end when a node changes mode",
    hint: "drain a node, change its mode, and use it again; node by node",
    explanation:
      "kube-proxy removes the virtual servers and the device kube-ipvs0 when it starts in another mode. Packets of connections that IPVS has balanced are then not delivered any more, and rules of table nat see only new connections. Restarting pods or rebooting the drained node leaves nothing behind.",
  },
  "migrate-bound-addresses": {
    severity: "warning",
    message: "Service addresses are not bound to nodes any more: the device kube-ipvs0 disappears",
    hint: "look for programs that bind or announce these addresses, answer ARP for them, or read the device: load balancers, keepalived, routing daemons",
    explanation:
      "In ipvs mode every Service address is an address of the device kube-ipvs0, so the node counts it as its own. In nftables mode it is not: a process cannot bind it, the node does not answer ARP for it, ip route get shows a route and not local, and firewall rules see the packets in FORWARD instead of INPUT.",
  },
  "migrate-strict-arp": {
    severity: "info",
    message: "ipvs.strictARP does nothing: the nftables mode does not set arp_ignore and arp_announce",
    hint: "keep net.ipv4.conf.all.arp_ignore=1 and arp_announce=2 by your own means only if something else needs them",
    explanation:
      "strictARP keeps nodes from answering ARP for addresses on kube-ipvs0, which MetalLB in layer 2 mode needs in ipvs mode. Without bound addresses it is not needed for Services. Sysctls that were set stay until the node restarts.",
  },
  "migrate-refused-otherwise": {
    severity: "info",
    message: "packets that are refused today are refused in another way",
    explanation:
      "These packets reach no endpoint in either mode. What changes is whether the client gets an error at once (rejected) or waits (dropped).",
  },
  "migrate-other-traffic": {
    severity: "warning",
    message: "packets are treated differently for another reason",
    hint: "look at the example packet; portolan explain packet shows every rule that it meets in either mode",
    explanation:
      "The comparison of both modes found packets that are treated differently, and none of the known reasons explains them.",
  },
} as const satisfies CatalogPart;
