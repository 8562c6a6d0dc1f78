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

/** All lines and objects of one Service in one family. */
export interface Fragment {
  /** All endpoints, ready or not. */
  readonly endpoints: number;
  /** The chains of table nat that belong to the Service alone, callers first. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** Its rules in shared chains, by `nat KUBE-SERVICES`. */
  readonly shared: ReadonlyMap<string, readonly string[]>;
  readonly counters: ReadonlySet<string>;
  /** Undefined for a program that only writes rules. */
  readonly objects: KernelObjects | undefined;
}

export const noFragment: Fragment = {
  endpoints: 0,
  own: new Map(),
  shared: new Map(),
  counters: new Set(),
  objects: undefined,
};

/** The kernel objects of a program besides rules. Several Services may share an entry. */
export interface KernelObjects {
  /** By set, with one key for both families. */
  readonly entries: Readonly<Record<string, ReadonlyMap<string, unknown>>>;
  readonly servers: ReadonlyMap<string, FragmentServer>;
  /** Sets and chains of nftables that belong to the Service alone, each with its lines. */
  readonly blocks?: readonly TableBlock[];
}

/** A set or chain of nftables, as it is printed between its braces. */
export interface TableBlock {
  readonly kind: "set" | "chain";
  readonly name: string;
  readonly lines: readonly string[];
}

export interface FragmentServer {
  readonly key: string;
  /** The line that adds it. */
  readonly add: string;
  readonly endpoints: readonly Endpoint[];
}

/** Lowers the ports of one Service. */
export type LowerFragment = (ports: readonly ServicePortPlan[]) => Fragment;

/** Lowers Services of a family; common parts are computed once. */
export type CreateLowerFragment = (settings: FamilySettings, plan: ForwardingPlan) => LowerFragment;

/** How the kernel objects of fragments are written, and the rules that depend on all of them. */
export interface KernelWriter {
  /** The set with the addresses that are bound to a device. */
  readonly boundAddresses: string;
  /** That device. */
  readonly addressDevice: string;
  readonly setName: (set: string, family: Family) => string;
  /** The line that creates a set large enough for its entries. */
  readonly createSet: (set: string, family: Family, entries: number) => string;
  /** The options of a real server, after its address. */
  readonly realServerOptions: (server: FragmentServer, target: string) => string;
  /** The rules that exist whatever the Services, given which sets have entries. */
  readonly setRules: (settings: FamilySettings, has: (set: string) => boolean) => readonly TableRules[];
}

/**
 * Writes a table of nftables with nothing but these sets and chains of Services, and these entries of shared sets and
 * maps.
 */
export type WriteTablePart = (
  settings: FamilySettings,
  part: Required<Pick<KernelObjects, "entries" | "blocks">>,
) => string;

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

/** The result of lowering a plan. */
export type Lowered = Script;

/** Writes the rules for one kind of plan. */
export interface Program<Plan> {
  readonly id: ProgramId;
  readonly lower: (plan: Plan, options: LowerOptions, report: Report) => Lowered;
  /** Reports the diagnostics of lowering without making text; undefined where there are none. */
  readonly inspect: ((plan: Plan, report: Report) => void) | undefined;
  /** The owner of an object name; undefined where this program does not create it. */
  readonly ownerOf: (ref: ObjectRef) => Owner | undefined;
  /** Its purpose; `service` is the owning service port, where it is known. */
  readonly purposeOf: (ref: ObjectRef, service: string | undefined) => string | undefined;
}

/** A program that sends traffic for Services to endpoints: a mode of kube-proxy. */
export interface ForwardingProgram extends Program<ForwardingPlan> {
  readonly mode: ProxyMode;
  readonly traits: ProgramTraits;
  /** The rules in built-in chains that lead to its own, in their final order. */
  readonly jumps: readonly Jump[];
  /** What is planned for a mode that kube-proxy warns about; undefined for others. */
  readonly deprecation: Deprecation | undefined;
  /** The names of the chains of a service port; undefined for a program that makes none. */
  readonly chainNames: ServicePortNames | undefined;
  /** What a service port has on a host: `chains`. */
  readonly servicePortObjects: string;
  /** The number of clients per endpoint that session affinity keeps; undefined: no limit. */
  readonly affinityClients: number | undefined;
  /**
   * The rules of table nat that the first packet of a connection may traverse; undefined where their number is fixed.
   */
  readonly countRules: ((plan: ServicePortPlan) => RuleCounts) | undefined;
  /** Incremental compilation, one Service at a time; undefined where every change recompiles all. */
  readonly fragments: CreateLowerFragment | undefined;
  /** Undefined for a program that only writes rules. */
  readonly kernel: KernelWriter | undefined;
  /** The nfacct counters that its rules may use. */
  readonly counters: readonly string[];
  /** Undefined for a program without tables of nftables. */
  readonly writeTablePart: WriteTablePart | undefined;
}

/** Versions of Kubernetes, and the proposal that names them. */
export interface Deprecation {
  readonly since: string;
  readonly offByDefault: string;
  readonly removed: string;
  readonly proposal: string;
}

/** What decides the names of the chains of a service port. */
export type NamedPort = Pick<ServicePortPlan, "service" | "protocol" | "port" | "name">;

/** All names of one service port differ from those of every other. */
export interface ServicePortNames {
  readonly of: (port: NamedPort) => Readonly<Record<"cluster" | "local" | "external" | "firewall", string>>;
  readonly endpoint: (port: NamedPort, endpoint: Endpoint) => string;
}

/** A jump from a built-in chain to one of ours. */
export interface Jump {
  readonly table: "filter" | "nat";
  readonly chain: "INPUT" | "FORWARD" | "OUTPUT" | "PREROUTING" | "POSTROUTING";
  /** The rule without its chain, with a leading blank. */
  readonly rule: string;
}

export interface RuleCounts {
  /** In chains that all service ports share. */
  readonly shared: number;
  /** In the service port's own chains, up to the last endpoint. */
  readonly own: number;
}

/** A named object on a host that a program may own. */
export type ObjectRef =
  /** Without a table: in any. */
  | { readonly kind: "chain" | "set"; readonly table?: string | undefined; readonly name: string }
  | { readonly kind: "counter" | "device" | "sysctl"; readonly name: string };

export interface Owner {
  readonly component: "kube-proxy" | "kubelet";
  /** The programs that create an object of this name; empty where only the kubelet creates it. */
  readonly programs: readonly ProgramId[];
  /** The kind of chain that belongs to one service port alone. */
  readonly servicePort: ServicePortChainKind | undefined;
}

/** The kinds of chains of one service port, in all modes by their names in iptables mode; XLB: until Kubernetes 1.25. */
export type ServicePortChainKind = "FW" | "EXT" | "XLB" | "SVC" | "SVL" | "SEP";

/** What programs say of the names of sets of ipset. */
export interface OwnSets {
  readonly isOwned: (set: string) => boolean;
  /** All own sets begin so, and foreign ones may. For quick checks of text. */
  readonly prefix: string;
  readonly familyOf: (set: string) => Family;
  /** The name of a set that replaces another one by swapping. */
  readonly swapName: (index: number) => string;
  /** Whether it has the addresses and ports of Services. */
  readonly hasServiceAddresses: (set: string) => boolean;
  /** Whether it has node ports of the protocol, as plain numbers. */
  readonly hasNodePorts: (set: string, protocol: string, family: Family) => boolean;
  /** The set of cluster IPs, which are always bound. */
  readonly clusterIps: (family: Family) => string;
}

/** What programs say of the names of tables of nftables. */
export interface OwnTables {
  readonly isOwned: (table: { readonly family: string; readonly name: string }) => boolean;
  /** The name of the table of a family among those of a host: `ip kube-proxy`. */
  readonly nameIn: (family: Family) => string;
  /** The set of the node's addresses in such a table. */
  readonly nodeAddresses: string;
}
