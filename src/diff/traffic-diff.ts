import type { NotShown } from "../filter/narrowing.ts";

/** What a change does to traffic, as plain values: made by diffSides, shown by the renderers, printed as JSON as it is. */
export interface TrafficDiff {
  readonly base: SideLabel;
  readonly head: SideLabel;
  /** Every node compared, in order of name. Nodes without a change are here and in no change. */
  readonly nodes: readonly string[];
  /** Worst first; within a severity by service, then where it answers. Several nodes with one change are one entry. */
  readonly changes: readonly TrafficChange[];
  /** Rules of all nodes, by the name of the node's group: nodes whose rules change alike are one group. */
  readonly rules: readonly NodeRules[];
  /** What was assumed, and where the model stops. One sentence each, without a full stop. */
  readonly assumptions: readonly string[];
  /** What is left out where somebody asked for some Services only. */
  readonly notShown?: NotShown;
}

export interface SideLabel {
  /** `base.yaml`, `git:HEAD~1:deploy`, `node1.dump`. */
  readonly name: string;
  /** `iptables` or `ipvs`; undefined where a dump does not tell. */
  readonly mode: "iptables" | "ipvs" | undefined;
}

/** Worst first: the order of the report. */
export const severities = [
  /** A source that was refused is admitted, or a destination answers that did not. */
  "access-widened",
  "access-lost",
  /** Which source address an endpoint sees. */
  "source-address",
  /** Other endpoints, another load distribution, or another way to refuse. */
  "load-distribution",
  "affinity",
  /** Text differs, and no packet is treated differently. */
  "cosmetic",
] as const;

export type ChangeSeverity = (typeof severities)[number];

/** One service port on one of its addresses (or one port of it on all of them) that treats some packet otherwise. */
export interface TrafficChange {
  readonly kind: "added" | "changed" | "removed";
  readonly severity: ChangeSeverity;
  /** `shop/web:http`; undefined where no Service explains the address. */
  readonly service: string | undefined;
  /** Whose it was in base, where that is another Service. */
  readonly formerService?: string;
  /** What it answers on: `10.96.4.20:80/TCP`, `nodePort 30080/TCP`, `all other destinations`. */
  readonly vip: string;
  /** `80`, or `30080` of a node port; undefined for a region. */
  readonly port: number | undefined;
  readonly protocol: string | undefined;
  /** On which nodes, in order of name. */
  readonly nodes: readonly string[];
  /** What changes, one short phrase: `endpoints 3 -> 2`, `no endpoints left`, `opens on every node`. */
  readonly headline: string;
  /** More phrases, each a line below it: `traffic per endpoint 33.3% -> 50%`. */
  readonly details: readonly string[];
  /** Endpoints that come and go, those of the first source class that differs. */
  readonly endpoints: { readonly added: readonly EndpointLabel[]; readonly removed: readonly EndpointLabel[] };
  /** By class of sources; empty where nothing answers (before an addition, after a removal). */
  readonly before: readonly ClassOutcome[];
  readonly after: readonly ClassOutcome[];
  /** A packet that is treated differently. */
  readonly examplePacket: ExamplePacket;
  /** Where in the manifests, of the side that has it (head first); undefined for dumps. */
  readonly source: SourcePlace | undefined;
  /** The rules that decide, as the tools spell them: `-` of base, `+` of head. At most a few. */
  readonly ruleLines: readonly RuleLine[];
}

export interface EndpointLabel {
  /** `10.244.3.4:8080` */
  readonly target: string;
  readonly pod: string | undefined;
  readonly node: string | undefined;
}

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where the packets of one class of sources go. */
export interface ClassOutcome {
  /** `any source`, `pods of this node`, `203.0.113.0/24`, `the node itself`. */
  readonly from: string;
  readonly outcomes: readonly OutcomeLabel[];
}

export interface OutcomeLabel {
  readonly verdict: "delivered" | "rejected" | "dropped" | "untouched" | "unknown";
  /** `10.244.3.4:8080` of a delivered packet. */
  readonly destination: string | undefined;
  /** 0 to 1. */
  readonly share: number;
  /** The same as a fraction: `715827883/2147483648`. */
  readonly exact: string;
  readonly masquerade: boolean;
  /** Seconds for which a client stays; undefined without affinity. */
  readonly affinity: number | undefined;
  /** Matches that cannot be evaluated and on which this outcome depends: `-m bpf ... matches`. */
  readonly assuming: readonly string[];
}

export interface ExamplePacket {
  /** An address of the class: `10.244.1.5`. */
  readonly from: string;
  /** The whole class in words: `any source`. */
  readonly fromClass: string;
  readonly entry: "outside" | "pod" | "node";
  readonly to: string;
  readonly protocol: string;
  /** `10.244.2.7:9090`, `rejected`, `10.244.2.7:9090 50 %, 10.244.2.8:9090 50 %`. */
  readonly was: string;
  readonly now: string;
}

export interface RuleLine {
  readonly sign: "-" | "+";
  readonly text: string;
}

export interface NodeRules {
  readonly nodes: readonly string[];
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Lines that stand elsewhere, or are spelled otherwise, with no packet treated differently. */
  readonly moved: number;
  /** By table and chain (or `ipset NAME`, `ipvs`), what differs. */
  readonly chains: readonly ChainRules[];
}

export interface ChainRules {
  /** `nat KUBE-SERVICES (IPv4)`, `ipset KUBE-CLUSTER-IP`, `ipvs` */
  readonly where: string;
  readonly kind: "added" | "changed" | "removed" | "moved" | "renamed";
  /** Of a renamed chain: what it is called now. */
  readonly renamedTo: string | undefined;
  readonly lines: readonly RuleLine[];
}
