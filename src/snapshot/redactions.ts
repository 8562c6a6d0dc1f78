import { catalog } from "../diagnostics/catalog.ts";
import { balancerAnnotations } from "../model/objects/load-balancer-annotations.ts";
import type { NameKind } from "./map-name.ts";

/** How a field is redacted: as a name, as addresses, as labels, or field by field. Of others, only plain values are kept. */
export type Redaction =
  | { readonly as: NameKind | "addresses" | "labels" | "dropped" }
  | { readonly addressOr: NameKind }
  /** Words of a list, of which these are kept. */
  | { readonly list: RegExp }
  | { readonly in: { readonly [field: string]: Redaction } };

const as = (kind: NameKind | "addresses" | "labels" | "dropped"): Redaction => ({ as: kind });
const addressOr = (kind: NameKind): Redaction => ({ addressOr: kind });
const fields = (inner: { readonly [field: string]: Redaction }): Redaction => ({ in: inner });

const list = (known: RegExp): Redaction => ({ list: known });
const codes = new RegExp(`^(?:${Object.keys(catalog).join("|")})$`);
const topology = list(/^(?:auto|disabled)$/i);

const balancerWords = list(/^(?:true|false|on|off|\*|v?[12]|https?|http[23]|tcp|proxy-protocol)$/i);

const annotations = fields({
  ...Object.fromEntries(balancerAnnotations.map((name) => [name, balancerWords])),
  "service.beta.kubernetes.io/load-balancer-source-ranges": as("addresses"),
  "service.kubernetes.io/topology-mode": topology,
  "service.kubernetes.io/topology-aware-hints": topology,
  "portolan/suppress": list(codes),
  "portolan/absent": list(/^(?:true|false)$/),
  "portolan/simulated": list(/^(?:object|(?:metadata|spec|status|endpoints|subsets|ports)[\w.[\]]*)$/),
});
const named = (kind: NameKind, more: { readonly [field: string]: Redaction } = {}): Redaction =>
  fields({ name: as(kind), namespace: as("namespace"), annotations, ...more });

const service = fields({
  metadata: named("service", { labels: fields({ "service.kubernetes.io/service-proxy-name": as("value") }) }),
  spec: fields({
    clusterIP: as("addresses"),
    clusterIPs: as("addresses"),
    externalIPs: as("addresses"),
    loadBalancerIP: as("addresses"),
    loadBalancerSourceRanges: as("addresses"),
    loadBalancerClass: as("class"),
    externalName: addressOr("host"),
    selector: as("labels"),
    ports: fields({ name: as("port"), targetPort: as("port"), appProtocol: as("protocol") }),
  }),
  status: fields({ loadBalancer: fields({ ingress: fields({ ip: as("addresses"), hostname: as("host") }) }) }),
});

const targetRef = fields({ namespace: as("namespace"), name: as("pod") });
const hint = fields({ name: as("zone") });
const slicePorts = fields({ name: as("port"), appProtocol: as("protocol") });
const endpoint = {
  addresses: addressOr("host"),
  nodeName: as("node"),
  zone: as("zone"),
  hostname: as("host"),
  hints: fields({ forZones: hint, forNodes: fields({ name: as("node") }) }),
  targetRef,
};
const slice = fields({
  metadata: named("slice", { labels: fields({ "kubernetes.io/service-name": as("service") }) }),
  ports: slicePorts,
  endpoints: fields(endpoint),
});

const subsetAddress = fields({ ip: as("addresses"), nodeName: as("node"), hostname: as("host"), targetRef });
const endpoints = fields({
  metadata: named("service"),
  subsets: fields({
    ports: slicePorts,
    addresses: subsetAddress,
    notReadyAddresses: subsetAddress,
  }),
});

const node = fields({
  metadata: named("node", {
    labels: fields({ "topology.kubernetes.io/zone": as("zone"), "kubernetes.io/hostname": as("node") }),
  }),
  spec: fields({ podCIDR: as("addresses"), podCIDRs: as("addresses") }),
  status: fields({
    addresses: fields({ address: addressOr("node") }),
    nodeInfo: fields({ kernelVersion: list(/^\d+\.\d+[\w.+-]*$/) }),
  }),
});

const ownerReferences = fields({ name: as("workload") });
const probe = fields({
  httpGet: fields({ port: as("port") }),
  tcpSocket: fields({ port: as("port") }),
  grpc: fields({ port: as("port") }),
});
const container = fields({
  name: as("workload"),
  ports: fields({ name: as("port"), hostIP: addressOr("host") }),
  readinessProbe: probe,
  livenessProbe: probe,
  startupProbe: probe,
});
const podSpec = fields({
  nodeName: as("node"),
  hostname: as("host"),
  subdomain: as("service"),
  containers: container,
  initContainers: container,
});
const pod = fields({
  metadata: named("pod", { labels: as("labels"), ownerReferences }),
  spec: podSpec,
  status: fields({
    startTime: list(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    podIP: as("addresses"),
    podIPs: fields({ ip: as("addresses") }),
  }),
});
const template = fields({ metadata: fields({ labels: as("labels") }), spec: podSpec });
const jobTemplate = fields({ spec: fields({ template }) });
const workload = fields({ metadata: named("workload", { ownerReferences }), spec: fields({ template, jobTemplate }) });

/** Its paths may contain the name of a company; they are not read. */
const configuration = fields({
  metadata: as("dropped"),
  hostnameOverride: as("node"),
  bindAddress: as("addresses"),
  healthzBindAddress: as("addresses"),
  metricsBindAddress: as("addresses"),
  clusterCIDR: as("addresses"),
  detectLocal: fields({ bridgeInterface: as("interface"), interfaceNamePrefix: as("interface") }),
  nodePortAddresses: as("addresses"),
  ipvs: fields({ excludeCIDRs: as("addresses") }),
  clientConnection: as("dropped"),
  logging: as("dropped"),
  winkernel: as("dropped"),
});

const hostPortConfiguration = fields({
  metadata: as("dropped"),
  network: as("class"),
  podInterface: as("interface"),
  plugin: fields({ conditionsV4: as("addresses"), conditionsV6: as("addresses") }),
});

const host = fields({ metadata: named("node"), addresses: as("addresses") });

/** The redacted fields of each kind; other fields have numbers, policies, states. */
export const redactions: Readonly<Record<string, Redaction>> = {
  KubeProxyConfiguration: configuration,
  Host: host,
  HostPortConfiguration: hostPortConfiguration,
  Node: node,
  ServiceCIDR: fields({ metadata: named("service"), spec: fields({ cidrs: as("addresses") }) }),
  Service: service,
  EndpointSlice: slice,
  Endpoints: endpoints,
  Deployment: workload,
  StatefulSet: workload,
  DaemonSet: workload,
  ReplicaSet: workload,
  ReplicationController: workload,
  Job: workload,
  CronJob: workload,
  Pod: pod,
};
