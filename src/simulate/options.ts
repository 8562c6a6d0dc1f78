import { type Cidr, parseCidr } from "../model/address.ts";
import { defaultNodePortRange, type PortRange } from "../model/check-clashes.ts";

/** How the missing parts of manifests are simulated. */
export interface SimulateOptions {
  /** How many Nodes, where the input has none. */
  readonly nodes?: number | undefined;
  /** At most one of each family. */
  readonly podCidrs?: readonly Cidr[] | undefined;
  readonly serviceCidrs?: readonly Cidr[] | undefined;
  readonly nodePortRange?: PortRange | undefined;
  /** Nodes (`node2`) and pods (`shop/web-1`) that are down. */
  readonly fail?: readonly string[] | undefined;
  /** Replicas of workloads (`shop/web`), in place of those in their spec. */
  readonly scale?: readonly Scale[] | undefined;
}

export interface Scale {
  readonly name: string;
  readonly replicas: number;
}

/** All of them filled in. */
export type Settings = { readonly [K in keyof SimulateOptions]-?: NonNullable<SimulateOptions[K]> };

/** Of one workload: more than a cluster has pods. */
export const mostReplicas = 100_000;

const cidrs = (...texts: readonly string[]): readonly Cidr[] => texts.map((text) => parseCidr(text) as Cidr);

const defaults: Settings = {
  nodes: 3,
  podCidrs: cidrs("10.244.0.0/16", "fd00:10:244::/56"),
  serviceCidrs: cidrs("10.96.0.0/16", "fd00:10:96::/112"),
  nodePortRange: defaultNodePortRange,
  fail: [],
  scale: [],
};

/** Addresses of Nodes and of load balancers: ranges for benchmarks and documentation, which no network routes. */
export const nodeCidrs = cidrs("198.18.0.0/16", "2001:db8:18::/112");
export const loadBalancerCidrs = cidrs("198.19.0.0/16", "2001:db8:19::/112");

export function settingsOf(options: SimulateOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}
