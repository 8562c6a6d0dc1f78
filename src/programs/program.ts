import type { Report } from "../diagnostics/diagnostic.ts";
import type { Script } from "../ir/artifact.ts";
import type { Family } from "../model/address.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type {
  Endpoint,
  FamilySettings,
  ForwardingPlan,
  ProgramTraits,
  ServicePortPlan,
} from "../plan/forwarding/forwarding-plan.ts";
import type { LowerOptions } from "./origins.ts";

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

export type ProgramId = `kube-proxy/${ProxyMode}`;

/** What lowering a plan gives. */
export type Lowered = Script;

/** Who writes what, for which plan. */
export interface Program<Plan> {
  readonly id: ProgramId;
  readonly lower: (plan: Plan, options: LowerOptions, report: Report) => Lowered;
  /** Reports what lowering would, without making text; undefined where lowering has nothing to report. */
  readonly inspect: ((plan: Plan, report: Report) => void) | undefined;
  /** Whose an object of this name is; undefined for what this program does not make. */
  readonly ownerOf: (ref: ObjectRef) => Owner | undefined;
  /** What it is for; `service` is the service port it belongs to, where one is known. */
  readonly purposeOf: (ref: ObjectRef, service: string | undefined) => string | undefined;
}

/** A program that sends traffic for Services to endpoints: a mode of kube-proxy. */
export interface ForwardingProgram extends Program<ForwardingPlan> {
  readonly mode: ProxyMode;
  readonly traits: ProgramTraits;
  /** kube-proxy warns about the mode and will drop it. */
  readonly isDeprecated: boolean;
  /** What a service port gets on a host: `chains`. */
  readonly servicePortObjects: string;
  /** How many clients session affinity remembers for each endpoint; undefined: as many as come. */
  readonly affinityClients: number | undefined;
  /** The rules of table nat that the first packet of a connection may meet; undefined where their number is fixed. */
  readonly countRules: ((plan: ServicePortPlan) => RuleCounts) | undefined;
  /** Incremental compilation: one Service at a time. */
  readonly fragments: CreateLowerFragment;
  /** Undefined for a program that writes rules alone. */
  readonly kernel: KernelWriter | undefined;
}

export interface RuleCounts {
  /** In chains that all service ports share. */
  readonly shared: number;
  /** In the service port's own chains, on the way to the last endpoint. */
  readonly own: number;
}

/** Something on a host that has a name, and may be a program's. */
export type ObjectRef =
  | { readonly kind: "chain"; readonly table: string; readonly name: string }
  | { readonly kind: "set" | "counter" | "device" | "sysctl"; readonly name: string };

export interface Owner {
  readonly component: "kube-proxy" | "kubelet";
  /** The programs that make an object of this name; none for what only the kubelet makes. */
  readonly programs: readonly ProgramId[];
  /** The kind of chain that belongs to one service port alone, such as `SVC`. */
  readonly servicePort: string | undefined;
}
