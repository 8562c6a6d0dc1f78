import type { NotShown } from "../filter/narrowing.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";

/** The effects of a change on traffic, as plain values: made by diffSides, shown by the renderers, printed as JSON. */
export interface TrafficDiff {
  readonly base: SideLabel;
  readonly head: SideLabel;
  /** Every compared node, in order of name. Nodes without a change are listed here and in no change. */
  readonly nodes: readonly string[];
  /** Worst first; within a severity by service, then by address. Nodes with the same change share one entry. */
  readonly changes: readonly TrafficChange[];
  /** For each Service that changes, the fields of the input that changed: a cause in most cases. */
  readonly changedFields: readonly ServiceFields[];
  /** Rules of all nodes, by the name of the node's group: nodes with the same rule changes are one group. */
  readonly rules: readonly NodeRules[];
  /** Assumptions and limits of the model. One sentence each, without a full stop. */
  readonly assumptions: readonly string[];
  /** What is hidden when only some Services are shown. */
  readonly notShown?: NotShown;
}

/** The fields that differ in the objects that decide about the traffic of a Service. */
export interface ServiceFields {
  /** `shop/web` */
  readonly service: string;
  readonly fields: readonly FieldChange[];
}

export interface FieldChange {
  /** `Service shop/web`, `EndpointSlice shop/web-abc` */
  readonly object: string;
  /** `spec.externalTrafficPolicy` */
  readonly field: string;
  /** Undefined where the side does not have the field. */
  readonly was: string | undefined;
  readonly now: string | undefined;
  /** In head; of a removed field, what it was in. */
  readonly source: SourcePlace | undefined;
}

export interface SideLabel {
  /** `base.yaml`, `git:HEAD~1:deploy`, `node1.dump`. */
  readonly name: string;
  /** `iptables` or `ipvs`; undefined where a dump does not show the mode. */
  readonly mode: ProxyMode | undefined;
}

/** Worst first: the order of the report. */
export const severities = [
  /** A refused source is now admitted, or a destination now answers. */
  "access-widened",
  "access-lost",
  /** Which source address an endpoint sees. */
  "source-address",
  /** Other endpoints, another load distribution, or another way to refuse. */
  "load-distribution",
  "affinity",
  /** The text differs, but every packet is treated as before. */
  "cosmetic",
] as const;

export type ChangeSeverity = (typeof severities)[number];

/** One service port on one of its addresses (or one port on all of them) that treats some packet differently. */
export interface TrafficChange {
  readonly kind: "added" | "changed" | "removed";
  readonly severity: ChangeSeverity;
  /** `shop/web:http`; undefined where the address belongs to no Service. */
  readonly service: string | undefined;
  /** The owner in base, where that is another Service. */
  readonly formerService?: string;
  /** The address: `10.96.4.20:80/TCP`, `nodePort 30080/TCP`, `all other destinations`. */
  readonly vip: string;
  /** `80`, or `30080` of a node port; undefined for a region. */
  readonly port: number | undefined;
  readonly protocol: string | undefined;
  /** The affected nodes, in order of name. */
  readonly nodes: readonly string[];
  /** Whether the packets' endpoints, before or after, are some on these nodes, or after the change `only` these. */
  readonly localEndpoints?: "none" | "some" | "only" | undefined;
  /** One short phrase: `endpoints 3 -> 2`, `no endpoints left`, `opens on every node`. */
  readonly headline: string;
  /** Further phrases, one per line: `traffic per endpoint 33.3% -> 50%`. */
  readonly details: readonly string[];
  /** Added and removed endpoints, those of the first source class that differs. */
  readonly endpoints: { readonly added: readonly EndpointLabel[]; readonly removed: readonly EndpointLabel[] };
  /** By class of sources; empty where the address does not answer (before an addition, after a removal). */
  readonly before: readonly ClassOutcome[];
  readonly after: readonly ClassOutcome[];
  /** A packet that is treated differently. */
  readonly examplePacket: ExamplePacket;
  /** The place in the manifests of the side that has it (head first); undefined for dumps. */
  readonly source: SourcePlace | undefined;
  /** The rules that the example packet may meet on each side, in order. At most a few. */
  readonly examplePath: { readonly before: readonly PathRule[]; readonly after: readonly PathRule[] };
}

/** A rule, or a virtual server, on the path of a packet. */
export interface PathRule {
  /** `nat KUBE-SERVICES`, `ipvs` */
  readonly where: string;
  /** As the tool spells it. */
  readonly text: string;
  /** The other side does not have this rule. */
  readonly differs: boolean;
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
  /** Seconds of session affinity; undefined without it. */
  readonly affinity: number | undefined;
  /** Matches that cannot be evaluated and that this outcome depends on: `-m bpf ... matches`. */
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
  /** Lines with another position or spelling that change the treatment of no packet. */
  readonly moved: number;
  /** The differences by table and chain (or `ipset NAME`, `ipvs`). */
  readonly chains: readonly ChainRules[];
}

export interface ChainRules {
  /** `nat KUBE-SERVICES (IPv4)`, `ipset KUBE-CLUSTER-IP`, `ipvs` */
  readonly where: string;
  readonly kind: "added" | "changed" | "removed" | "moved" | "renamed";
  /** The new name of a renamed chain. */
  readonly renamedTo: string | undefined;
  readonly lines: readonly RuleLine[];
}

/** `shop/web` of `shop/web:http` */
export function serviceOf(servicePort: string): string {
  return servicePort.split(":", 1)[0] ?? servicePort;
}
