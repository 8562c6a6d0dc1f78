/** The objects of a cluster that changes at random, made of a few numbers. */

export type Json = Readonly<Record<string, unknown>>;

export const machine = "node1";

export const nodes = [machine, "node2", "node3"];

export const names = [
  ["a", "x"],
  ["a", "x-1"],
  ["a-b", "x"],
  ["shop", "api"],
  ["shop", "web"],
  ["shop", "web-2"],
] as const;

export function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

export interface Endpoint {
  readonly addresses: readonly string[];
  readonly nodeName: string;
  readonly conditions: { readonly ready: boolean; readonly serving?: boolean; readonly terminating?: boolean };
}

export function endpoint(number: number, isIpv6: boolean): Endpoint {
  const host = number % 40;
  const addresses = [isIpv6 ? `fd00:1::${(host + 1).toString(16)}` : `10.244.0.${host + 1}`];
  const isLeaving = number % 7 === 0;
  const conditions = isLeaving ? { ready: false, serving: true, terminating: true } : { ready: number % 11 !== 0 };
  return { addresses, nodeName: nodes[(number >> 4) % 3] as string, conditions };
}

export function sliceName(service: string, type: string): string {
  return `${service}-${type.toLowerCase()}`;
}

export function sliceObject(
  [namespace, service]: readonly [string, string],
  name: string,
  addressType: string,
  endpoints: readonly Endpoint[],
): Json {
  const seen = new Set<string>();
  const unique = endpoints.filter(({ addresses: [ip = ""] }) => !seen.has(ip) && seen.add(ip) !== undefined);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name, labels: { "kubernetes.io/service-name": service } },
    addressType,
    ports: [
      { name: "http", port: 8080, protocol: "TCP" },
      { name: "web", port: 8080, protocol: "TCP" },
      { name: "dns", port: 5353, protocol: "UDP" },
      { name: "sip", port: 5060, protocol: "SCTP" },
    ],
    endpoints: unique,
  };
}

const types = ["ClusterIP", "NodePort", "LoadBalancer"] as const;

export const shapeOf = "example.com/shape";

/** All that a Service may be, by the bits of a number. External addresses may be those of other Services. */
export function serviceObject(service: number, shape: number): Json {
  const [namespace, name] = names[service] as (typeof names)[number];
  const bit = (at: number): boolean => ((shape >> at) & 1) === 1;
  const type = types[shape % 3] as (typeof types)[number];
  const isOpen = type !== "ClusterIP";
  const isDual = bit(3);
  const ips = [`10.96.0.${service + 1}`, `fd00:96::${service + 1}`];
  const clusterIPs = isDual ? ips : [bit(4) && bit(5) ? (ips[1] as string) : (ips[0] as string)];
  const ports = [
    { name: bit(6) ? "http" : "web", protocol: "TCP", port: bit(2) ? 80 : 8000 },
    ...(bit(7) ? [{ name: "dns", protocol: "UDP", port: 53 }] : []),
    ...(bit(8) ? [{ name: "sip", protocol: "SCTP", port: 5060 }] : []),
  ].map((port, index) => (isOpen ? { ...port, nodePort: 30_000 + service * 10 + index } : port));
  const externalIPs = bit(9) ? [`198.18.0.${1 + (shape % 2)}`] : [];
  const isLocal = bit(10) && (isOpen || externalIPs.length > 0);
  const needsCheck = isLocal && type === "LoadBalancer";
  const ranges = ["198.51.100.0/24", ...(bit(12) ? ["192.0.2.0/24"] : [])];
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name, annotations: { [shapeOf]: `${shape}` } },
    spec: {
      type,
      clusterIP: clusterIPs[0],
      clusterIPs,
      ports,
      ...(externalIPs.length > 0 ? { externalIPs } : {}),
      ...(isLocal ? { externalTrafficPolicy: "Local" } : {}),
      ...(needsCheck ? { healthCheckNodePort: 32_000 + service } : {}),
      ...(bit(11) ? { sessionAffinity: "ClientIP" } : {}),
      ...(bit(13) ? { internalTrafficPolicy: "Local" } : {}),
      ...(type === "LoadBalancer" && bit(14) ? { loadBalancerSourceRanges: ranges } : {}),
    },
    ...(type === "LoadBalancer"
      ? { status: { loadBalancer: { ingress: [{ ip: `203.0.113.${1 + (bit(15) ? service : 0)}` }] } } }
      : {}),
  };
}

export function brokenService(service: number, shape: number): Json {
  const good = serviceObject(service, shape) as { spec: Json };
  return { ...good, spec: { ...good.spec, ports: [{ name: "http", port: 70_000 }], sessionAffinity: "Sometimes" } };
}

export function plainService([namespace, name]: readonly [string, string], clusterIP: string): Json {
  const ports = [{ name: "http", port: 80 }];
  return { apiVersion: "v1", kind: "Service", metadata: { namespace, name }, spec: { clusterIP, ports } };
}

export function nodeObject(pick: number): Json {
  const addresses = [
    { type: "InternalIP", address: `192.0.2.${10 + (pick % 2)}` },
    ...(pick % 5 === 0 ? [] : [{ type: "InternalIP", address: "2001:db8::10" }]),
  ];
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: machine, labels: { "topology.kubernetes.io/zone": `z${pick % 3}` } },
    status: { addresses },
  };
}

export function hostObject(pick: number): Json {
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "Host",
    metadata: { name: machine },
    addresses: ["192.0.2.10", "2001:db8::10", ...(pick % 2 === 0 ? ["198.18.0.1"] : [])],
    features: { randomFully: pick % 5 !== 0, nfacct: pick % 4 !== 0 },
  };
}

export function configurationObject(configuration: number, mode: string): Json {
  const other = mode === "ipvs" ? "iptables" : "ipvs";
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: configuration % 6 === 5 ? other : mode,
    clusterCIDR: configuration % 2 === 0 ? "10.244.0.0/16" : "10.244.0.0/16,fd00:1::/64",
    nodePortAddresses: configuration % 3 === 0 ? ["192.0.2.0/24"] : [],
    iptables: { masqueradeBit: 14 + (configuration % 2), masqueradeAll: configuration % 5 === 0 },
    ipvs: { scheduler: configuration % 7 === 0 ? "lc" : "rr" },
  };
}

export function endpointsObject(service: number, pick: number): Json {
  const [namespace, name] = names[service] as (typeof names)[number];
  const addresses = [{ ip: `10.244.1.${1 + (pick % 9)}`, nodeName: nodes[pick % 3] }];
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { namespace, name },
    subsets: [{ addresses, ports: [{ name: "http", port: 8080 }] }],
  };
}
