import type { Family } from "../model/address.ts";
import type { Endpoint, FamilySettings, ForwardingPlan, ServicePortPlan } from "../plan/forwarding/forwarding-plan.ts";

/** All that one Service's ports ask for in one family. */
export interface Fragment {
  /** All there are, ready or not. */
  readonly endpoints: number;
  /** The chains of table nat that belong to the Service alone, each before those it leads to. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** Its rules in chains that it shares, by `nat KUBE-SERVICES`. */
  readonly shared: ReadonlyMap<string, readonly string[]>;
  readonly counters: ReadonlySet<string>;
  /** Undefined for a program that writes rules alone. */
  readonly objects: KernelObjects | undefined;
}

export const noFragment: Fragment = {
  endpoints: 0,
  own: new Map(),
  shared: new Map(),
  counters: new Set(),
  objects: undefined,
};

/** What a program asks of the kernel besides rules. Several Services may ask for one entry. */
export interface KernelObjects {
  /** By set, which has one key for both families. */
  readonly entries: Readonly<Record<string, ReadonlyMap<string, unknown>>>;
  readonly servers: ReadonlyMap<string, FragmentServer>;
}

export interface FragmentServer {
  readonly key: string;
  /** The line that adds it. */
  readonly add: string;
  readonly endpoints: readonly Endpoint[];
}

/** Lowers the ports of one Service. */
export type LowerFragment = (ports: readonly ServicePortPlan[]) => Fragment;

/** Makes fragments of a family; what they have in common is worked out once. */
export type CreateLowerFragment = (settings: FamilySettings, plan: ForwardingPlan) => LowerFragment;

/** How the objects of fragments are written, and what hangs on all of them together. */
export interface KernelWriter {
  /** The set whose entries are the addresses that are bound to a device. */
  readonly boundAddresses: string;
  readonly setName: (set: string, family: Family) => string;
  /** The line that makes a set with room for its entries. */
  readonly createSet: (set: string, family: Family, entries: number) => string;
  /** The options of a real server, after its address. */
  readonly realServerOptions: (server: FragmentServer, target: string) => string;
  /** The rules that are there whatever the Services are, given which sets have entries. */
  readonly setRules: (settings: FamilySettings, has: (set: string) => boolean) => readonly TableRules[];
}

export interface TableRules {
  readonly table: "filter" | "nat";
  /** Every chain that is declared. */
  readonly chains: readonly string[];
  readonly rules: readonly string[];
}

export function countEndpoints(ports: readonly ServicePortPlan[]): number {
  return ports.reduce((sum, { endpoints }) => sum + endpoints.all.length, 0);
}
