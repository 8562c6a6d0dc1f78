import type { CatalogPart } from "./entry.ts";

/** What packets to Services meet on a host, by its rules: findings of `portolan check --actual`. */
export const checkTrafficCodes = {
  "service-jump-missing": {
    severity: "error",
    message: "{chain} (table {table}) does not lead to {to}: connections from {sources} to {services} {effect}",
    hint: "restart kube-proxy, or run portolan apply, to restore the jump",
    explanation:
      "kube-proxy's chains have an effect only through its jumps in the built-in chains: PREROUTING for packets from pods and from outside, OUTPUT for packets of the node itself, POSTROUTING for masquerade. This jump is missing, or a condition keeps these packets from it. Usually another program has flushed or replaced the built-in chain, such as a firewall that was reloaded or iptables-restore of a saved file. kube-proxy inserts its jumps again with its next full sync.",
  },
  "service-chain-flushed": {
    severity: "error",
    message: "{chain} (table {table}) has lost rules: connections from {sources} to {services} {effect}",
    hint: "restart kube-proxy, or run portolan apply, to restore its rules",
    explanation:
      "All Services share this chain of kube-proxy, and it has no rules, or not those that kube-proxy writes. Something else has flushed or edited it. kube-proxy writes it again with its next full sync.",
  },
  "service-rules-bypassed": {
    severity: "error",
    message: "{rule} ends the table before {to}: connections from {sources} to {services} {effect}",
    hint: "move the jump to kube-proxy's chain before it, or restart kube-proxy, which inserts the jump first",
    explanation:
      "In table nat the first rule that accepts or translates a packet ends the table. A rule of another program does so before kube-proxy's chain is reached. An example are the rules of older versions of flannel, which accept all traffic between pods before KUBE-POSTROUTING: an endpoint that reaches itself through its Service, and a pod that uses a node port of another node, are then not masqueraded, and replies do not come back. Newer versions let packets with kube-proxy's mark return first, which is no fault.",
  },
  "service-traffic-diverted": {
    severity: "error",
    message: "{rule}{through} comes before {to}: connections from {sources} to {services} go to {target}",
    hint: "move the jump to kube-proxy's chain before it, or use another port",
    explanation:
      "A rule of another program translates the destination before kube-proxy's rules do. An example is a pod with a hostPort in ipvs mode: addresses of Services are bound to the node, so CNI-HOSTPORT-DNAT matches each of them, and a Service on the same port loses its traffic to that pod.",
  },
  "service-traffic-blocked": {
    severity: "error",
    message: "{what} {verb} connections from {sources} to {services}",
    hint: "accept packets to and from pods before it",
    explanation:
      "kube-proxy sends these connections to an endpoint, and then a rule or policy that is not its own drops or rejects them. Docker sets the policy of FORWARD to DROP, and firewalls forward nothing by default. KUBE-FORWARD accepts only packets that kube-proxy masquerades and packets of known connections, so a network plugin or the administrator must accept traffic of pods.",
  },
  "service-traffic-lost": {
    severity: "error",
    message: "{share} of connections from {sources} to {services} reach no endpoint, {why}",
    hint: "restart kube-proxy, or run portolan apply, to restore the rules of the Service",
    explanation:
      "The rules of this Service are incomplete: packets leave its chains without an endpoint, or no virtual server takes them. kube-proxy never writes such rules: a rule was deleted or changed, or the last endpoint's rule has a probability.",
  },
  "service-masquerade-missing": {
    severity: "error",
    message: "{chain} does not masquerade connections from {sources} to {services}: replies do not come back",
    hint: "restart kube-proxy, or run portolan apply, to restore the rules of the Service",
    explanation:
      "An endpoint sends its replies to the source address of the packets. If this is its own address, or a client's whose packets came by way of this node, replies do not pass this node, and the client gets them from an address that it does not know. kube-proxy marks these packets for masquerade, and here the rule is missing.",
  },
  "service-endpoint-changed": {
    severity: "error",
    message: "{chain} is the chain of endpoint {own} of {service}, but sends connections to {target}",
    hint: "restart kube-proxy, or run portolan apply, to restore the rules of the Service",
    explanation:
      "Two rules of an endpoint's chain name the endpoint: one masquerades its packets to itself, the other sends connections to it. kube-proxy writes the same address into both. Here they differ, so one was changed.",
  },
  "service-mark-cleared": {
    severity: "error",
    message:
      "{rule} clears the mark of table {table}: connections from {sources} to {services} are not masqueraded, so replies do not come back",
    hint: "let the rule change its own bits of the mark only, such as meta mark set meta mark & 0xffff0000 | 0x1",
    explanation:
      "kube-proxy marks the packets that it masquerades later, with one bit of the packet's mark. A rule of another program that sets the whole mark in between clears the bit. iptables writes such a change with a mask (--set-xmark VALUE/MASK), nftables with & and |.",
  },
  "service-order-unknown": {
    severity: "info",
    message:
      "connections from {sources} to {services} depend on the order of chains of equal priority, which the text does not show: {rule}",
    explanation:
      "The kernel calls chains of one hook by their priority and, at equal priority, the one that was registered last before the others. Listings do not show when that was. In one order these connections reach their endpoints as kube-proxy intends, in the other one this rule of another program comes first and they do not. Give the rule's chain a higher number as its priority.",
  },
  "service-chain-uncalled": {
    severity: "error",
    message: "no rule or element of table {table} leads to {chains}: connections to {services} do not get there",
    hint: "restart kube-proxy, or run portolan apply, to restore the elements of its maps",
    explanation:
      "Elements of kube-proxy's maps, such as service-ips, lead from an address and port to a chain of the Service. The chain has rules, and nothing calls it: no element, jump or goto. kube-proxy empties the chains that it no longer uses, so something else has removed the element.",
  },
  "external-chain-uncalled": {
    severity: "warning",
    message:
      "no element of table {table} leads to {chains}: {services} do not answer on an external address or node port",
    hint: "restart kube-proxy, or run portolan apply, to restore the elements of its maps",
    explanation:
      "Elements of the maps service-ips and service-nodeports lead from external addresses and node ports to such a chain. It has rules, and no element calls it: something has removed the element. It is as kube-proxy writes it only where the feature gate AllowServiceExternalIPs is off and the Service has no other external address.",
  },
  "service-address-unmapped": {
    severity: "error",
    message: "set or map {set} of table {table} has {addresses}, and no element of service-ips leads from there",
    hint: "restart kube-proxy, or run portolan apply, to restore the elements of its maps",
    explanation:
      "Each address of a Service has an element in service-ips or, without endpoints, in no-endpoint-services. These addresses have none, so something has removed it. Connections to a cluster IP on a port without an element are rejected.",
  },
  "service-element-changed": {
    severity: "error",
    message: "element {element} of map {map} (table {table}) is not as kube-proxy writes it: connections go elsewhere",
    hint: "restart kube-proxy, or run portolan apply, to restore the elements of its maps",
    explanation:
      "An element of kube-proxy's maps leads from an address, protocol and port to a chain of the Service, and without endpoints it rejects or drops. This one has another verdict, or another protocol than the service port that its chain belongs to, so it was changed.",
  },
  "node-ports-without-address": {
    severity: "info",
    message: "set {set} of table {table} is empty: no node port answers on this node",
    hint: "check nodePortAddresses in kube-proxy's configuration",
    explanation:
      "kube-proxy serves node ports on the addresses of this set. It is empty where no address of the node is in nodePortAddresses, or only loopback addresses are, which never serve node ports in nftables mode. Otherwise something has removed its elements.",
  },
  "service-rule-foreign": {
    severity: "warning",
    message: "{chain} of {services} has a rule that kube-proxy does not write: {rule}",
    hint: "delete the rule; kube-proxy itself makes the chain again when the Service changes",
    explanation:
      "The chain belongs to one service port of kube-proxy, in its table of nftables. This rule has another form than those that kube-proxy writes there, so something else has added or changed it. It may drop packets, or let them go past the endpoints.",
  },
  "service-address-missing": {
    severity: "warning",
    message: "{addresses} of {services} is in the state, and the host has no rule for it",
    hint: "check whether kube-proxy runs and reaches the API server; portolan verify shows all differences",
    explanation:
      "The host has rules for the service port, but none for this address or node port of it. Something has removed the element, or kube-proxy has not synced since the address was added.",
  },
  "session-affinity-lost": {
    severity: "warning",
    message: "{chain} does not remember its clients: session affinity of {services} has no effect for some of them",
    hint: "restart kube-proxy, or run portolan apply, to restore the rules of the Service",
    explanation:
      "With sessionAffinity: ClientIP each endpoint has a set of its clients: its chain adds a client, and a rule before the random choice sends the client back. One of these rules is missing, so clients of the endpoint get another one at random.",
  },
  "service-client-hidden": {
    severity: "warning",
    message: "{chain} masquerades connections from {sources} to {services}: the client's address is lost",
    hint: "restart kube-proxy, or run portolan apply, to restore the rules of KUBE-POSTROUTING",
    explanation:
      "kube-proxy masquerades only packets that it has marked. Here its chain masquerades others too, so endpoints see the node's address in place of the client's: externalTrafficPolicy Local and NetworkPolicies of client addresses have no effect.",
  },
  "service-access-open": {
    severity: "error",
    message: "connections from {sources} to {services} are not refused: {why}",
    hint: "restart kube-proxy, or run portolan apply, to restore the jump",
    explanation:
      "A rule of kube-proxy refuses these connections, for example because loadBalancerSourceRanges excludes the client. The rule has no effect: no rule jumps to its chain, or a rule of another program accepts the packets first.",
  },
  "service-refusal-missing": {
    severity: "info",
    message: "connections from {sources} to {services} are neither delivered nor refused: {why}",
    explanation:
      "The Service has no endpoint that may take these connections, so kube-proxy rejects or drops them. The rule that does so is not reached, and clients wait for an answer instead of getting an error.",
  },
  "node-setting-breaks-services": {
    severity: "error",
    message: "{setting}: {effect}",
    hint: "set it with sysctl -w, and in /etc/sysctl.d so that it stays",
    explanation:
      "A setting of the kernel keeps packets of Services from their endpoints, whatever the rules say. Without net.ipv4.ip_forward the node passes no packet on. Without net.ipv4.conf.all.route_localnet the kernel drops packets from 127.0.0.1 to endpoints.",
  },
  "conntrack-entry-stale": {
    severity: "error",
    message: "conntrack sends UDP packets of {clients} for {service} to {endpoint}, which is no endpoint of its rules",
    hint: "delete the entries with conntrack -D",
    explanation:
      "The kernel keeps the endpoint of a UDP flow as long as packets arrive, and looks at no rule for them. The endpoint is gone, so these packets are lost. kube-proxy deletes such entries when an endpoint is removed; it does not where it was not running, or where the conntrack tool failed.",
  },
  "endpoint-not-in-state": {
    severity: "error",
    message: "the rules of {service} send connections to {endpoint}, which is no endpoint in the state",
    hint: "check whether kube-proxy runs and reaches the API server; portolan verify shows all differences",
    explanation:
      "The host sends new connections of the Service to an address that its EndpointSlices do not have. The pod is gone or has another address, so these connections fail. kube-proxy has not synced since then, or the state is newer than the dump.",
  },
} as const satisfies CatalogPart;
