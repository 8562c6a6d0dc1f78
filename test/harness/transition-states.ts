import { compile } from "../../src/index.ts";
import { ownedInScript } from "../../src/reconcile/desired-state.ts";
import type { OwnedState } from "../../src/reconcile/owned-state.ts";
import { balancedAt, makeService, makeSlice, proxyConfiguration, testNode } from "./cluster-objects.ts";
import type { TracedPacket } from "./trace.ts";

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

function objectsOf(name: ServiceName, shape: ServiceShape): readonly object[] {
  const { type = "ClusterIP", endpoints, internal, external, affinity, ranges, externalIp } = shape;
  const number = numbers[name];
  const isOpen = type !== "ClusterIP";
  const service = makeService(name, {
    type,
    clusterIP: `10.96.0.${number}`,
    ports: [{ name: "http", port: 80, ...(isOpen ? { nodePort: 30_080 + number } : {}) }],
    ...(internal === undefined ? {} : { internalTrafficPolicy: internal }),
    ...(external === undefined ? {} : { externalTrafficPolicy: external }),
    ...(external !== undefined && type === "LoadBalancer" ? { healthCheckNodePort: 32_000 + number } : {}),
    ...(affinity === true ? { sessionAffinity: "ClientIP" } : {}),
    ...(ranges === undefined ? {} : { loadBalancerSourceRanges: ranges }),
    ...(externalIp === undefined ? {} : { externalIPs: [externalIp] }),
  });
  const nodeOf = (address: string) => (address.startsWith("10.244.0.") ? "node1" : "node2");
  return [
    { ...service, ...(type === "LoadBalancer" ? balancedAt(`203.0.113.${number}`) : {}) },
    makeSlice(name, { endpoints, nodeOf }),
  ];
}

export type Mode = "iptables" | "ipvs" | "nftables";

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
  const proxyConfig = proxyConfiguration({
    mode,
    clusterCIDR: clusterCidr,
    ...(masqueradeBit === undefined ? {} : { iptables: { masqueradeBit }, nftables: { masqueradeBit } }),
  });
  return [proxyConfig, testNode, ...services.flatMap(([name, one]) => objectsOf(name, one))];
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

export const near = "10.244.0.5";
export const far = "10.244.1.5";
const further = "10.244.1.6";
export const others: StateShape = { api: { type: "NodePort", endpoints: [near, far] } };

/** What may happen to a Service, from one to the other and back. */
export const transitions: Readonly<Record<string, readonly [StateShape, StateShape]>> = {
  "a Service comes": [{}, { web: { endpoints: [near, far] } }],
  "a Service of every kind of address comes": [
    {},
    { web: { type: "LoadBalancer", endpoints: [near, far], externalIp: "198.18.0.1", ranges: ["198.51.100.0/24"] } },
  ],
  "an endpoint is replaced": [{ web: { endpoints: [near, far] } }, { web: { endpoints: [near, further] } }],
  "an endpoint comes": [{ web: { endpoints: [far] } }, { web: { endpoints: [far, further] } }],
  "all endpoints go": [{ web: { type: "NodePort", endpoints: [far] } }, { web: { type: "NodePort", endpoints: [] } }],
  "the node's own endpoint goes": [
    { web: { type: "LoadBalancer", external: "Local", endpoints: [near, far] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [far] } },
  ],
  "endpoints come only elsewhere": [
    { web: { type: "LoadBalancer", external: "Local", endpoints: [] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [far] } },
  ],
  "it opens a node port": [{ web: { endpoints: [near] } }, { web: { type: "NodePort", endpoints: [near] } }],
  "it becomes a load balancer": [
    { web: { type: "NodePort", endpoints: [near] } },
    { web: { type: "LoadBalancer", endpoints: [near] } },
  ],
  "sources are restricted": [
    { web: { type: "LoadBalancer", endpoints: [far] } },
    { web: { type: "LoadBalancer", endpoints: [far], ranges: ["198.51.100.0/24", "192.0.2.10/32"] } },
  ],
  "the external policy turns Local": [
    { web: { type: "LoadBalancer", endpoints: [near, far] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [near, far] } },
  ],
  "the internal policy turns Local": [
    { web: { endpoints: [near, far] } },
    { web: { internal: "Local", endpoints: [near, far] } },
  ],
  "the internal policy turns Local, without an endpoint here": [
    { web: { endpoints: [far] } },
    { web: { internal: "Local", endpoints: [far] } },
  ],
  "it gets affinity": [{ web: { endpoints: [near, far] } }, { web: { affinity: true, endpoints: [near, far] } }],
  "an external IP moves to another Service": [
    { web: { endpoints: [near], externalIp: "198.18.0.1" }, mail: { endpoints: [far] } },
    { web: { endpoints: [near] }, mail: { endpoints: [far], externalIp: "198.18.0.1" } },
  ],
};
