import fc from "fast-check";

/** What a random Service of a random state is like; few values, so that two states often share some. */
export interface Shape {
  readonly endpoints: readonly number[];
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer";
  readonly protocol: "TCP" | "UDP";
  readonly portName: string;
  readonly internal: "Cluster" | "Local";
  readonly external: "Cluster" | "Local";
  readonly affinity: number | undefined;
  readonly ranges: readonly string[];
  readonly externalIp: boolean;
  readonly families: "IPv4" | "IPv6" | "both";
  /** Moves cluster IP and node port. */
  readonly shift: number;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  endpoints: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
  protocol: fc.constantFrom("TCP", "TCP", "UDP"),
  portName: fc.constantFrom("http", "http", "web"),
  internal: fc.constantFrom("Cluster", "Cluster", "Local"),
  external: fc.constantFrom("Cluster", "Local"),
  affinity: fc.constantFrom(undefined, undefined, 60, 10_800),
  ranges: fc.constantFrom([], [], ["203.0.113.0/24"], ["203.0.113.0/24", "192.0.2.0/24", "2001:db8:1::/48"]),
  externalIp: fc.boolean(),
  families: fc.constantFrom("IPv4", "IPv4", "IPv6", "both"),
  shift: fc.constantFrom(0, 0, 0, 5),
});

export interface Configured {
  readonly masqueradeAll: boolean;
  readonly clusterCidr: string;
  readonly nodePortAddresses: readonly string[];
}

const configured: fc.Arbitrary<Configured> = fc.record({
  masqueradeAll: fc.constantFrom(false, false, false, true),
  clusterCidr: fc.constantFrom("10.0.0.0/16,fd00:10::/48", "10.0.0.0/16,fd00:10::/48", "10.0.1.0/24,fd00:10:0:1::/64"),
  nodePortAddresses: fc.constantFrom([], [], ["192.0.2.0/24", "2001:db8:1::/64"], ["203.0.113.0/24"]),
});

export interface StatePair {
  readonly base: readonly (Shape | undefined)[];
  readonly head: readonly (Shape | undefined)[];
  readonly baseConfig: Configured;
  readonly headConfig: Configured;
}

/** Two states that differ in a Service or two, and seldom in the configuration. */
export function statePairs(services: number): fc.Arbitrary<StatePair> {
  const maybe = fc.option(shape, { nil: undefined, freq: 4 });
  const edits = fc.array(fc.tuple(fc.nat(services - 1), maybe, fc.constantFrom(...fields)), {
    minLength: 1,
    maxLength: 3,
  });
  return fc
    .tuple(
      fc.array(maybe, { minLength: services, maxLength: services }),
      edits,
      configured,
      fc.option(configured, { freq: 1 }),
    )
    .map(([base, changes, baseConfig, other]) => {
      const head = [...base];
      for (const [at, to, field] of changes) {
        const now = head[at];
        head[at] = field === "all" || now === undefined || to === undefined ? to : { ...now, [field]: to[field] };
      }
      return { base, head, baseConfig, headConfig: other ?? baseConfig };
    });
}

const fields = [
  "all",
  "endpoints",
  "type",
  "protocol",
  "portName",
  "internal",
  "external",
  "affinity",
  "ranges",
  "externalIp",
  "families",
  "shift",
] as const;

export const nodeAddresses = ["192.0.2.10", "2001:db8:1::10"];
export const podRanges = ["10.0.1.0/24", "fd00:10:0:1::/64"];

const ipv4Endpoints = ["10.0.1.9", "10.0.2.1", "10.0.1.2", "10.0.2.2", "10.0.2.9"];
const ipv6Endpoints = ["fd00:10:0:1::9", "fd00:10:0:2::1", "fd00:10:0:1::2", "fd00:10:0:2::2", "fd00:10:0:2::9"];

export function objectsOf(shapes: readonly (Shape | undefined)[]): readonly object[] {
  const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node1" },
    spec: { podCIDRs: podRanges },
    status: { addresses: nodeAddresses.map((address) => ({ type: "InternalIP", address })) },
  };
  return [node, ...shapes.flatMap((each, at) => (each === undefined ? [] : serviceOf(each, at)))];
}

export function addressesOf(at: number, shift = 0) {
  const number = at + 1 + shift;
  return {
    clusterIps: { IPv4: `10.96.0.${number}`, IPv6: `fd00:96::${number}` },
    nodePort: 30_080 + number,
    healthPort: 31_000 + at,
    // Of two Services each, now and then one of the node's own.
    externalIps: [`198.18.1.${at % 3}`, `2001:db8:e::${(at % 3) + 1}`],
    balancerIps: [`198.18.0.${at + 1}`, `2001:db8:b::${at + 1}`],
  };
}

function serviceOf(shape: Shape, at: number): readonly object[] {
  const { endpoints, type, protocol, portName, internal, external, affinity, ranges, externalIp, families, shift } =
    shape;
  const used = families === "both" ? (["IPv4", "IPv6"] as const) : [families];
  const known = addressesOf(at, shift);
  const isExternal = type !== "ClusterIP";
  const hasFamily = (address: string) => used.some((family) => (family === "IPv6") === address.includes(":"));
  const externalIps = externalIp ? known.externalIps.filter(hasFamily) : [];
  const clusterIps = used.map((family) => known.clusterIps[family]);
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name: `s${at}` },
    spec: {
      type,
      clusterIP: clusterIps[0],
      clusterIPs: clusterIps,
      ipFamilies: used,
      ipFamilyPolicy: used.length > 1 ? "RequireDualStack" : "SingleStack",
      ports: [
        { name: portName, port: 80, protocol, targetPort: 8080, ...(isExternal ? { nodePort: known.nodePort } : {}) },
      ],
      internalTrafficPolicy: internal,
      ...(isExternal || externalIps.length > 0 ? { externalTrafficPolicy: external } : {}),
      ...(type === "LoadBalancer" && external === "Local" ? { healthCheckNodePort: known.healthPort } : {}),
      ...(affinity === undefined
        ? {}
        : { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: affinity } } }),
      ...(type === "LoadBalancer" && ranges.length > 0 ? { loadBalancerSourceRanges: ranges } : {}),
      ...(externalIps.length > 0 ? { externalIPs: externalIps } : {}),
    },
    ...(type === "LoadBalancer"
      ? { status: { loadBalancer: { ingress: known.balancerIps.filter(hasFamily).map((ip) => ({ ip })) } } }
      : {}),
  };
  const slices = used.map((family) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace: "shop",
      name: `s${at}-${family.toLowerCase()}`,
      labels: { "kubernetes.io/service-name": `s${at}` },
    },
    addressType: family,
    ports: [{ name: portName, port: 8080, protocol }],
    endpoints: endpoints.map((each) => ({
      addresses: [(family === "IPv4" ? ipv4Endpoints : ipv6Endpoints)[each]],
      nodeName: each % 2 === 0 ? "node1" : "node2",
    })),
  }));
  return [service, ...slices];
}

export const sources: Readonly<Record<"pod" | "outside", readonly string[]>> = {
  pod: ["10.0.1.2", "10.0.1.9", "10.0.1.77", "fd00:10:0:1::2", "fd00:10:0:1::9", "fd00:10:0:1::77"],
  outside: [
    "10.0.2.1",
    "10.0.2.9",
    "10.0.2.77",
    "203.0.113.5",
    "192.0.2.99",
    "198.51.100.7",
    "0.0.0.1",
    "255.255.255.254",
    "fd00:10:0:2::1",
    "fd00:10:0:2::77",
    "2001:db8:1::99",
    "2001:db8::7",
    "::2",
  ],
};

export function configOf(
  { masqueradeAll, clusterCidr, nodePortAddresses }: Configured,
  section: "iptables" | "nftables",
): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clusterCIDR: clusterCidr,
    [section]: { masqueradeAll },
    nodePortAddresses,
  };
}
