import type { CatalogPart } from "./entry.ts";

/** Mistakes in Services and what is behind them that no API server refuses: what `portolan check` finds. */
export const checkServiceCodes = {
  "external-ip-hides-node-port": {
    severity: "warning",
    message: "{vip} is an address of nodes, where port {port} is also the nodePort of {owner}: that one is not reached",
    hint: "give one of the two another port",
    explanation:
      "An external or load balancer address may be an address of a node. In KUBE-SERVICES the rules of such addresses stand before the last rule, which leads to KUBE-NODEPORTS, so packets to this address and port go to the Service with the address, and the node port of the other answers on the node's other addresses only.",
  },
  "external-ip-hides-host-port": {
    severity: "warning",
    message: "{vip} is an address of nodes, and port {port} there is that of {program}: it is not reached any more",
    hint: "use an address that no node has, or another port",
    explanation:
      "kube-proxy's rules come before anything that listens on the node: whatever is sent to this address and port is handed to the endpoints of the Service. Logging in by SSH, or reaching the kubelet, the API server or etcd by this address then fails.",
  },
  "host-port-shared": {
    severity: "warning",
    message: "{field} {port}/{protocol} is also {claim} of {pod}",
    hint: "choose another port for one of the two",
    explanation:
      "A node port is taken by rules on every node, and a health check port by kube-proxy itself. A container with the same hostPort, or of a pod in the host's network that listens there, competes with it on its node: packets for the container go to the Service or the other way round, depending on whose rule is first, and kube-proxy or the container cannot open the port.",
  },
  "source-ranges-bypassed": {
    severity: "warning",
    message: "the source ranges hold for load balancer addresses only: every source may use {ways}",
    hint: "allocateLoadBalancerNodePorts: false if the load balancer needs no node ports, or close them with nodePortAddresses or a firewall",
    explanation:
      "loadBalancerSourceRanges restricts who may use the load balancer's addresses. The Service's node ports and external IPs lead to the same endpoints, and kube-proxy makes no firewall rules for them: who can reach a node passes the ranges by.",
  },
  "selector-matches-nothing": {
    severity: "warning",
    message: "no pod and no pod template in namespace {namespace} has the labels {selector}",
    explanation:
      "The endpoints of a Service are the pods of its own namespace that have all labels of its selector. The input holds Pods or workloads, but none of them match, so the Service will have no endpoints and its traffic is rejected.",
  },
  "target-port-unknown": {
    severity: "warning",
    message: "no container of the pods that are selected has a {protocol} port called {name}",
    explanation:
      "A targetPort that is a name is looked up among the container ports of each selected pod, by name and protocol. A pod without such a port is no endpoint of this service port; here that goes for all of them.",
  },
  "service-without-endpoints": {
    severity: "warning",
    message: "{what} has no endpoints: connections are refused",
    hint: "look at the selector, and at the pods it should match",
    explanation:
      "The input holds EndpointSlices, but none with endpoints of this Service or port. kube-proxy rejects its traffic in iptables mode, and makes a virtual server without real servers in ipvs mode. Perhaps the selector matches no pod, the workload is scaled to zero, or whoever writes the endpoints by hand has not done so.",
  },
  "endpoints-all-unready": {
    severity: "warning",
    message: "{what} has {endpoints}, none of them ready: connections are refused",
    hint: "look at the readiness probes of the pods",
    explanation:
      "kube-proxy uses endpoints that are ready and, where none is, those that still serve while they terminate. Here there are neither, so the traffic is refused as if there were no endpoints. Readiness probes that fail and pods that are starting are the usual reasons; publishNotReadyAddresses would make unready pods count.",
  },
  "unready-published": {
    severity: "info",
    message: "publishNotReadyAddresses also sends connections to pods that are not ready",
    hint: "keep it for headless Services, whose pods must find each other before they are ready",
    explanation:
      "With publishNotReadyAddresses the endpoint controllers mark every endpoint as ready. kube-proxy then balances over pods that have not started or that fail their probes. The field is meant for the DNS names of StatefulSets; a Service with a cluster IP seldom wants it.",
  },
  "internal-local-without-endpoint": {
    severity: "warning",
    message: "internalTrafficPolicy Local without an endpoint on the node: pods there cannot reach the Service",
    hint: "run an endpoint on every node (a DaemonSet), or set internalTrafficPolicy: Cluster",
    explanation:
      "With internalTrafficPolicy Local a node sends traffic for the cluster IP to its own endpoints only and drops it where it has none, however many there are on other nodes. trafficDistribution: PreferSameNode prefers endpoints of the node without that edge.",
  },
  "external-local-without-endpoint": {
    severity: "warning",
    message: "externalTrafficPolicy Local without an endpoint on the node: traffic to {ways} is dropped there",
    hint: "send clients only to nodes with endpoints, run one on every node, or set externalTrafficPolicy: Cluster",
    explanation:
      "With externalTrafficPolicy Local a node hands traffic from outside to its own endpoints only and drops it where it has none. A load balancer asks the health check port which nodes have endpoints; nobody asks for clients that use a node port or an external IP directly. A LoadBalancer Service is left alone here.",
  },
  "local-policy-without-node-names": {
    severity: "warning",
    message: "{field} is Local, but no endpoint says which node it is on: every node drops the traffic",
    hint: "set nodeName of the endpoints, or set the policy to Cluster",
    explanation:
      "An endpoint is local on the node whose name its nodeName holds. Slices written by hand often have none, and then no node counts any endpoint as its own.",
  },
  "hints-incomplete": {
    severity: "warning",
    message: "{without} of {count} ready endpoints have no {kind} hint, so kube-proxy ignores those of all",
    explanation:
      "kube-proxy heeds topology hints of a kind (forZones, forNodes) only when every ready endpoint of the service port has one. One endpoint without is enough for traffic to go to all endpoints, wherever they are. A rolling update may look like this for a moment.",
  },
  "hints-without-zone": {
    severity: "warning",
    message: "the Node has no label topology.kubernetes.io/zone, so it ignores zone hints (Services: {count})",
    hint: "label the Node with its zone",
    explanation:
      "A node picks the endpoints whose hints name its own zone. Without a zone it uses all endpoints, and the endpoint controllers leave nodes without a zone out of their reckoning.",
  },
  "hints-miss-zone": {
    severity: "info",
    message: "no endpoint has a hint for zone {zone}: its nodes use the endpoints of all zones",
    explanation:
      "All ready endpoints have zone hints, but none names this zone. kube-proxy then ignores the hints on the nodes there. With trafficDistribution that is how a zone without endpoints is served; with topology-mode Auto the controller should have assigned some.",
  },
  "distribution-without-hints": {
    severity: "warning",
    message: "trafficDistribution {value} has no effect: no ready endpoint has hints",
    hint: "the EndpointSlice controller writes hints into slices of Services with a selector; slices of others need their own",
    explanation:
      "kube-proxy does not read trafficDistribution. The EndpointSlice controller turns it into hints on endpoints, and only those count. Slices written by hand, Endpoints objects and slices written by an older control plane have none.",
  },
} as const satisfies CatalogPart;
