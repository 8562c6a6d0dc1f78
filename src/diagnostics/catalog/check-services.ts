import type { CatalogPart } from "./entry.ts";

/** Mistakes in Services and their endpoints that the API server accepts: findings of `portolan check`. */
export const checkServiceCodes = {
  "external-ip-hides-node-port": {
    severity: "warning",
    message:
      "{vip} is a node address, and port {port} is also the nodePort of {owner}: that node port is not reachable there",
    hint: "change one of the two ports",
    explanation:
      "An external or load balancer address may be an address of a node. In KUBE-SERVICES the rules of these addresses come before the last rule, which jumps to KUBE-NODEPORTS. Packets to this address and port go to the Service that owns the address, and the node port of the other Service answers on the node's other addresses only.",
  },
  "external-ip-hides-host-port": {
    severity: "warning",
    message: "{vip} is a node address, and {program} listens on port {port} of nodes: it is no longer reachable there",
    hint: "use an address that no node has, or another port",
    explanation:
      "kube-proxy's rules take precedence over programs that listen on the node: every packet to this address and port goes to the endpoints of the Service. SSH logins and connections to the kubelet, the API server or etcd through this address then fail.",
  },
  "host-port-shared": {
    severity: "warning",
    message: "{field} {port}/{protocol} is also {claim} of {pod}",
    hint: "change one of the two ports",
    explanation:
      "Rules on every node claim a node port, and kube-proxy itself listens on a health check port. A container with the same hostPort, or in a pod with hostNetwork that listens on it, conflicts on its node. Depending on which rule comes first, packets for the container go to the Service or the other way round; kube-proxy or the container may fail to open the port.",
  },
  "source-ranges-bypassed": {
    severity: "warning",
    message: "loadBalancerSourceRanges protect load balancer addresses only: every source can use {ways}",
    hint: "set allocateLoadBalancerNodePorts: false if the load balancer needs no node ports, or restrict them with nodePortAddresses or a firewall",
    explanation:
      "loadBalancerSourceRanges restricts access to the load balancer's addresses. The Service's node ports and external IPs lead to the same endpoints, and kube-proxy writes no firewall rules for them: every client that can reach a node bypasses the ranges.",
  },
  "selector-matches-nothing": {
    severity: "warning",
    message: "no pod or pod template in namespace {namespace} has the labels {selector}",
    explanation:
      "The endpoints of a Service are the pods of its own namespace that have all labels of its selector. The input holds Pods or workloads, but none of them match, so the Service will have no endpoints and its traffic is rejected.",
  },
  "target-port-unknown": {
    severity: "warning",
    message: "no container of the selected pods has a {protocol} port named {name}",
    explanation:
      "A named targetPort is looked up among the container ports of each selected pod, by name and protocol. A pod without that port is not an endpoint of this service port. Here no selected pod has it.",
  },
  "service-without-endpoints": {
    severity: "warning",
    message: "{what} has no endpoints: connections are rejected",
    hint: "compare the selector with the labels of the pods it should match",
    explanation:
      "The input holds EndpointSlices, but none with endpoints of this Service or port. kube-proxy rejects its traffic in iptables mode, and creates a virtual server without real servers in ipvs mode. Common causes: the selector matches no pod, the workload is scaled to zero, or manually managed endpoints are missing.",
  },
  "endpoints-all-unready": {
    severity: "warning",
    message: "{what} has {endpoints}, none of them ready: connections are rejected",
    hint: "check the readiness probes of the pods",
    explanation:
      "kube-proxy uses ready endpoints or, without any, endpoints that are terminating and still serving. Here there are neither, so the traffic is rejected as if there were no endpoints. The usual causes are failing readiness probes and pods that are still starting. With publishNotReadyAddresses, pods that are not ready count as ready.",
  },
  "not-ready-addresses-published": {
    severity: "info",
    message: "publishNotReadyAddresses also sends connections to pods that are not ready",
    hint: "use it for headless Services only, whose pods must find each other before they are ready",
    explanation:
      "With publishNotReadyAddresses the endpoint controllers mark every endpoint as ready. kube-proxy then balances over pods that have not started or that fail their probes. The field is meant for the DNS names of StatefulSets; a Service with a cluster IP rarely needs it.",
  },
  "internal-local-without-endpoint": {
    severity: "warning",
    message: "internalTrafficPolicy is Local and the node has no endpoint: pods there cannot reach the Service",
    hint: "run an endpoint on every node (a DaemonSet), or set internalTrafficPolicy: Cluster",
    explanation:
      "With internalTrafficPolicy Local a node sends traffic for the cluster IP to its own endpoints only and drops it if there are none, however many exist on other nodes. trafficDistribution: PreferSameNode prefers local endpoints but falls back to those of other nodes.",
  },
  "external-local-without-endpoint": {
    severity: "warning",
    message: "externalTrafficPolicy is Local and the node has no endpoint: traffic to {ways} is dropped there",
    hint: "send clients only to nodes with endpoints, run one on every node, or set externalTrafficPolicy: Cluster",
    explanation:
      "With externalTrafficPolicy Local a node sends external traffic to its own endpoints only and drops it if there are none. A load balancer learns from the health check port which nodes have endpoints; clients that use a node port or an external IP directly do not. This finding is not reported for LoadBalancer Services.",
  },
  "local-policy-without-node-names": {
    severity: "warning",
    message: "{field} is Local, but no endpoint has a nodeName: every node drops the traffic",
    hint: "set nodeName of the endpoints, or set the policy to Cluster",
    explanation:
      "An endpoint is local to the node that its nodeName names. Slices written by hand often have no nodeName, so no node has a local endpoint.",
  },
  "hints-incomplete": {
    severity: "warning",
    message: "{without} of {count} ready endpoints have no {kind} hint, so kube-proxy ignores all of them",
    explanation:
      "kube-proxy uses topology hints of a kind (forZones, forNodes) only when every ready endpoint of the service port has one. If a single endpoint has none, traffic goes to all endpoints, wherever they are. This can happen briefly during a rolling update.",
  },
  "node-without-zone": {
    severity: "warning",
    message: "the Node has no label topology.kubernetes.io/zone, so it ignores zone hints (Services: {count})",
    hint: "label the Node with its zone",
    explanation:
      "A node picks the endpoints whose hints name its own zone. Without a zone it uses all endpoints, and the endpoint controllers ignore nodes without a zone.",
  },
  "zone-without-hints": {
    severity: "info",
    message: "no endpoint has a hint for zone {zone}: the nodes there use the endpoints of all zones",
    explanation:
      "All ready endpoints have zone hints, but none names this zone. kube-proxy then ignores the hints on the nodes there. With trafficDistribution this is the normal fallback for a zone without endpoints. With topology-mode Auto the controller should have assigned endpoints to the zone.",
  },
  "distribution-without-hints": {
    severity: "warning",
    message: "trafficDistribution {value} has no effect: no ready endpoint has hints",
    hint: "add hints to slices written by hand; the EndpointSlice controller writes them for Services with a selector only",
    explanation:
      "kube-proxy does not read trafficDistribution. The EndpointSlice controller turns it into hints on endpoints, and kube-proxy reads only these. Slices written by hand, Endpoints objects and slices written by an older control plane have none.",
  },
} as const satisfies CatalogPart;
