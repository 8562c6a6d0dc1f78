import { balancerAnnotations } from "../model/objects/load-balancer-annotations.ts";

/** Which fields of an object are kept: all of a value, or these of a mapping, or these of each item of a list. */
export type Shape = "all" | { readonly [field: string]: Shape };

/** A mapping whose fields have these names; a space stands between them. */
function fields(names: string): { readonly [field: string]: Shape } {
  return Object.fromEntries(names.split(" ").map((name) => [name, "all"]));
}

const name: Shape = { name: "all" };
const ownName: Shape = fields("name namespace");

const servicePorts = fields("name protocol port targetPort nodePort appProtocol");
const service: Shape = {
  metadata: {
    ...ownName,
    labels: fields("service.kubernetes.io/service-proxy-name"),
    annotations: fields(
      "service.beta.kubernetes.io/load-balancer-source-ranges service.kubernetes.io/topology-mode " +
        "service.kubernetes.io/topology-aware-hints portolan/suppress portolan/absent portolan/simulated " +
        balancerAnnotations.join(" "),
    ),
  },
  spec: {
    ...fields(
      "type clusterIP clusterIPs ipFamilies ipFamilyPolicy selector externalIPs externalName loadBalancerIP " +
        "loadBalancerSourceRanges loadBalancerClass allocateLoadBalancerNodePorts internalTrafficPolicy " +
        "externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses trafficDistribution sessionAffinity",
    ),
    sessionAffinityConfig: { clientIP: fields("timeoutSeconds") },
    ports: servicePorts,
  },
  status: { loadBalancer: { ingress: fields("ip ipMode hostname") } },
};

const notes = fields("portolan/suppress portolan/absent portolan/simulated");
const slicePorts = fields("name protocol port appProtocol");
const targetRef = fields("kind namespace name");

const endpointSlice: Shape = {
  metadata: {
    ...ownName,
    labels: fields("kubernetes.io/service-name service.kubernetes.io/headless"),
    annotations: notes,
  },
  addressType: "all",
  ports: slicePorts,
  endpoints: {
    ...fields("addresses nodeName zone hostname"),
    conditions: fields("ready serving terminating"),
    hints: { forZones: name, forNodes: name },
    targetRef,
  },
};

const endpointsAddress: Shape = { ...fields("ip nodeName hostname"), targetRef };
const endpoints: Shape = {
  metadata: { ...ownName, annotations: notes },
  subsets: { ports: slicePorts, addresses: endpointsAddress, notReadyAddresses: endpointsAddress },
};

const node: Shape = {
  metadata: { ...name, labels: fields("topology.kubernetes.io/zone kubernetes.io/hostname"), annotations: notes },
  spec: fields("podCIDR podCIDRs"),
  status: { addresses: fields("type address"), nodeInfo: fields("kernelVersion") },
};

const ownerReferences = fields("kind name controller");
const probe: Shape = { httpGet: fields("port"), tcpSocket: fields("port"), grpc: fields("port") };
const probes: Shape = { readinessProbe: probe, livenessProbe: probe, startupProbe: probe };
const containers: Shape = {
  ...fields("name restartPolicy"),
  ports: fields("name protocol containerPort hostPort hostIP"),
  ...probes,
};
const podSpec: Shape = { ...fields("nodeName hostNetwork hostname subdomain"), containers, initContainers: containers };
/** Calico writes down the ID of the sandbox, by which portmap names chains. */
const podNotes = fields("portolan/suppress portolan/absent portolan/simulated cni.projectcalico.org/containerID");
const pod: Shape = {
  metadata: { ...ownName, labels: "all", annotations: podNotes, ownerReferences },
  spec: podSpec,
  // What endpoints are chosen by, where an overlay selects others.
  status: { ...fields("phase startTime podIP"), podIPs: fields("ip"), conditions: fields("type status") },
};

const template: Shape = { metadata: { labels: "all" }, spec: podSpec };
const workload: Shape = {
  metadata: { ...ownName, annotations: notes, ownerReferences },
  spec: { replicas: "all", template },
};
const cronJob: Shape = { ...workload, spec: { jobTemplate: { spec: { template } } } };

/**
 * What compiling, checking, explaining and overlays read of each kind, in the order in which a snapshot prints it. The parsers in
 * model/ say what that is; a test compiles every golden case with and without the rest.
 */
export const fieldsRead: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration", "all"],
  ["portolan/v1alpha1 Host", "all"],
  ["portolan/v1alpha1 HostPortConfiguration", "all"],
  ["v1 Node", node],
  ["networking.k8s.io/v1 ServiceCIDR", { metadata: ownName, spec: fields("cidrs") }],
  ["v1 Service", service],
  ["discovery.k8s.io/v1 EndpointSlice", endpointSlice],
  ["v1 Endpoints", endpoints],
  ["apps/v1 Deployment", workload],
  ["apps/v1 StatefulSet", workload],
  ["apps/v1 DaemonSet", workload],
  ["apps/v1 ReplicaSet", workload],
  ["v1 ReplicationController", workload],
  ["batch/v1 Job", workload],
  ["batch/v1 CronJob", cronJob],
  ["v1 Pod", pod],
]);
