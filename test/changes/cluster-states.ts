import { compile } from "../../src/index.ts";
import { ownedInScript } from "../../src/reconcile/desired-state.ts";
import type { OwnedState } from "../../src/reconcile/owned-state.ts";
import type { TracedPacket } from "../evaluate/trace.ts";

/** One Service of a state, in a few words. */
export interface ServiceShape {
  readonly type?: "ClusterIP" | "NodePort" | "LoadBalancer";
  /** `LOCAL` endpoints are on the node, others elsewhere. */
  readonly endpoints: readonly string[];
  readonly internal?: "Local";
  readonly external?: "Local";
  readonly affinity?: boolean;
  readonly ranges?: readonly string[];
  readonly externalIp?: string;
}

export type StateShape = Readonly<Partial<Record<ServiceName, ServiceShape>>>;
export type ServiceName = "web" | "api" | "mail";

const numbers: Readonly<Record<ServiceName, number>> = { web: 1, api: 2, mail: 3 };

const node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node1" },
  status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
};

function objectsOf(name: ServiceName, shape: ServiceShape): readonly object[] {
  const { type = "ClusterIP", endpoints, internal, external, affinity, ranges, externalIp } = shape;
  const number = numbers[name];
  const isOpen = type !== "ClusterIP";
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name },
    spec: {
      type,
      clusterIP: `10.96.0.${number}`,
      ports: [{ name: "http", port: 80, ...(isOpen ? { nodePort: 30_080 + number } : {}) }],
      ...(internal === undefined ? {} : { internalTrafficPolicy: internal }),
      ...(external === undefined ? {} : { externalTrafficPolicy: external }),
      ...(external !== undefined && type === "LoadBalancer" ? { healthCheckNodePort: 32_000 + number } : {}),
      ...(affinity === true ? { sessionAffinity: "ClientIP" } : {}),
      ...(ranges === undefined ? {} : { loadBalancerSourceRanges: ranges }),
      ...(externalIp === undefined ? {} : { externalIPs: [externalIp] }),
    },
    ...(type === "LoadBalancer" ? { status: { loadBalancer: { ingress: [{ ip: `203.0.113.${number}` }] } } } : {}),
  };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "shop", name: `${name}-x`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080 }],
    endpoints: endpoints.map((address) => ({
      addresses: [address],
      nodeName: address.startsWith("10.244.0.") ? "node1" : "node2",
    })),
  };
  return [service, slice];
}

export type Mode = "iptables" | "ipvs";

export interface StateOptions {
  readonly mode: Mode;
  readonly clusterCidr?: string;
  readonly masqueradeBit?: number;
}

/** The objects of a state, by what a change of the state changes: the configuration, each Service with its slice. */
export function stateObjects(
  shape: StateShape,
  { mode, clusterCidr = "10.244.0.0/16", masqueradeBit }: StateOptions,
): readonly object[] {
  const services = Object.entries(shape) as [ServiceName, ServiceShape][];
  const proxyConfig = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode,
    clusterCIDR: clusterCidr,
    ...(masqueradeBit === undefined ? {} : { iptables: { masqueradeBit } }),
  };
  return [proxyConfig, node, ...services.flatMap(([name, one]) => objectsOf(name, one))];
}

/** What a node is to have for a state. */
export function wantedState(shape: StateShape, options: StateOptions): OwnedState {
  const { script, diagnostics } = compile(stateObjects(shape, options), { node: "node1" });
  if (script === undefined) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return ownedInScript(script);
}

/** From everywhere to everything that any state of these Services answers on. */
export function allPackets(): readonly TracedPacket[] {
  const entries = [
    { entry: "outside", source: "198.51.100.7" },
    { entry: "outside", source: "203.0.113.200" },
    { entry: "pod", source: "10.244.0.9" },
    { entry: "node", source: "192.0.2.10" },
  ] as const;
  return Object.values(numbers).flatMap((number) =>
    entries.flatMap((from) =>
      [
        { destination: `10.96.0.${number}`, port: 80 },
        { destination: "192.0.2.10", port: 30_080 + number },
        { destination: `203.0.113.${number}`, port: 80 },
        { destination: `198.18.0.${number}`, port: 80 },
        { destination: "192.0.2.10", port: 32_000 + number },
      ].map((to) => ({ ...from, ...to, protocol: "tcp" as const })),
    ),
  );
}
