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
  "node-address-bound": {
    severity: "error",
    message:
      "{vip} is an address of Node {node}: every other node binds it to kube-ipvs0, and no longer reaches {node} there",
    hint: "use an address that no node has, or the mode iptables or nftables",
    explanation:
      "In ipvs mode every service address is an address of every host (device kube-ipvs0). If it is also the address of a node, all other nodes deliver packets for that node to themselves, on every port: those to the Service's ports go to its endpoints, the rest is rejected (KUBE-IPVS-FILTER). They also drop packets that the node sends, because their source is an own address. The kubelet of that node no longer reaches the API server on another node, pods there are cut off where the pod network uses this address, and the Node becomes NotReady.",
  },
  "node-address-served": {
    severity: "info",
    message: "{vip} is an address of Node {node}: on every node, connections to its {ports} go to this Service",
    hint: "use an address that no node has, unless the node is meant to be the way in",
    explanation:
      "kube-proxy's rules take precedence over programs that listen on the node. Packets to this address and one of the Service's ports go to its endpoints, also those that other nodes and pods send to a program of that node. The node's other ports are not affected. Some load balancers of clusters without a cloud (ServiceLB of K3s) and externalIPs on bare metal use the addresses of nodes on purpose.",
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
  "source-ranges-without-cluster": {
    severity: "info",
    message:
      "loadBalancerSourceRanges do not contain the {who} of the cluster: their connections to {vip} are dropped on their own node",
    hint: "add the ranges of pods and nodes if they use the load balancer's address or name, or let them use the cluster IP",
    explanation:
      "Packets from pods and nodes to a load balancer address do not leave their node: kube-proxy's rules handle them there, and apply loadBalancerSourceRanges to them, by the address of the pod or the node itself. The mode iptables does so since Kubernetes 1.25; before, their packets passed. A client in the cluster that uses the public name of the Service then waits for a timeout, while clients in the ranges are served. The cluster IP is not restricted.",
  },
  "source-ranges-without-some": {
    severity: "warning",
    message:
      "loadBalancerSourceRanges contain some {what} of the cluster, but not {missing}: connections from there to {vip} are dropped",
    hint: "add the ranges that are missing, or take the others out",
    explanation:
      "Packets from pods and nodes to a load balancer address are handled on their own node, where loadBalancerSourceRanges apply to the address of the pod or the node. The ranges contain a part of the cluster, so the same client works on one node and times out on another. This happens when nodes or pod ranges were added later.",
  },
  "load-balancer-bypassed": {
    severity: "warning",
    message:
      "pods and nodes that use {vip} bypass the load balancer and its {task}: the endpoints get plain connections",
    hint: "let the cloud controller set ipMode: Proxy in status.loadBalancer.ingress (Kubernetes 1.30 and later), or a hostname instead of the address",
    explanation:
      "An annotation makes the load balancer change connections: it adds the header of the PROXY protocol, or it terminates TLS. But kube-proxy's rules handle packets from pods and nodes to the load balancer's address on their own node, and send them to the endpoints directly. An endpoint that expects the header refuses these connections; a client that starts TLS meets a port without it. Typical victims are certificates that are checked over HTTP from within the cluster. With ipMode Proxy, or with only a hostname in status.loadBalancer.ingress, kube-proxy makes no rules for the address and packets go to the load balancer.",
  },
  "selector-matches-nothing": {
    severity: "warning",
    message: "no pod or pod template in namespace {namespace} has the labels {selector}",
    explanation:
      "The endpoints of a Service are the pods of its own namespace that have all labels of its selector. The input holds Pods or workloads, but none of them match, so the Service will have no endpoints and its traffic is rejected.",
  },
  "selector-matches-others": {
    severity: "warning",
    message:
      "the selector matches pods of {workloads}: connections go to all of them, but {lacking} has no port {port}",
    hint: "add a label to the selector that only the right pods have",
    explanation:
      "Every ready pod with the labels of the selector is an endpoint, whatever workload it belongs to, and a numeric targetPort is not compared with the ports that containers declare. Connections to pods that do not listen on the port are refused, so a part of the requests fails at random. Common causes are a chart whose components share all labels of the selector, and a Job or a debug pod with copied labels.",
  },
  "selector-matches-programs": {
    severity: "warning",
    message: "the selector matches pods of {workloads}, which have no container in common: connections go to either",
    hint: "add a label to the selector that only the right pods have",
    explanation:
      "Every ready pod with the labels of the selector is an endpoint, whatever workload it belongs to. These workloads have containers with different names, so they are probably different programs, and each connection gets the answer of one of them at random.",
  },
  "selector-matches-variants": {
    severity: "info",
    message: "the selector matches pods of {workloads}: connections go to all of them, by the number of their pods",
    hint: "if only one of them is meant, add a label to the selector that only its pods have",
    explanation:
      "The workloads have a container of the same name: they are probably versions of one program, as in a canary release, or a primary and its replicas. kube-proxy does not know workloads: each ready pod gets an equal part of the connections.",
  },
  "target-port-unknown": {
    severity: "warning",
    message: "no container of the selected pods has a {protocol} port named {name}",
    explanation:
      "A named targetPort is looked up among the container ports of each selected pod, by name and protocol. A pod without that port is not an endpoint of this service port. Here no selected pod has it.",
  },
  "target-port-undeclared": {
    severity: "info",
    message: "no container of the selected pods declares {protocol} port {number}",
    explanation:
      "A numeric targetPort is used as it is: containers need not declare the ports on which they listen. Here they declare others, and no probe connects to this one. If nothing listens on the port, connections are refused although the endpoints are ready.",
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
  "endpoint-node-unknown": {
    severity: "warning",
    message: "no Node is named {nodeName}: every node takes {endpoints} for one of another node{effect}",
    hint: "correct nodeName, or remove the endpoint if its node is gone",
    explanation:
      "kube-proxy compares the nodeName of an endpoint with its own name (hostnameOverride, or the name of the host) to find the endpoints of its node. A name that no Node has is local nowhere: with policy Local the endpoint gets no traffic on any node, and the health check port reports no endpoint. This happens where kubelet and kube-proxy use different names: --hostname-override on one of them, a private DNS name that a cloud sets, slices written by hand, or a node that was removed.",
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
    message: "{field} has no effect: no ready endpoint has hints",
    hint: "add hints to slices written by hand; the EndpointSlice controller writes them for Services with a selector only",
    explanation:
      "kube-proxy reads neither trafficDistribution nor the annotation topology-mode. The EndpointSlice controller turns them into hints on endpoints, and kube-proxy reads only these. Slices written by hand, Endpoints objects and slices written by an older control plane have none. For topology-mode Auto the controller divides the endpoints by the CPUs of each zone: it writes no hints when a Node has no zone, when all are in one zone, when there are fewer endpoints than zones, or when a zone would get much more load than the others.",
  },
} as const satisfies CatalogPart;
