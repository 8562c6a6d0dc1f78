import type { Entry, Scheduling } from "../../datapath/packet.ts";

/** Where one packet goes on one node, and by which rules: what `explain packet -o json` prints as it is. */
export interface PacketExplanation {
  readonly apiVersion: "portolan/v1alpha1";
  readonly kind: "PacketExplanation";
  readonly node: string;
  /** Null where a dump does not tell. */
  readonly mode: "iptables" | "ipvs" | null;
  readonly packet: ExplainedPacket;
  /** Of those without assumptions, and for any one answer to each assumption, shares sum to one. */
  readonly outcomes: readonly ExplainedOutcome[];
  /** What was taken for granted. One sentence each, without a full stop. */
  readonly assumptions: readonly string[];
  /** Where the model stops. Likewise. */
  readonly limits: readonly string[];
}

export interface ExplainedPacket {
  readonly from: string;
  /** `ADDRESS:PORT`. */
  readonly to: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly entry: Entry;
  readonly interface?: string;
  readonly state: "new" | "established" | "related" | "invalid" | "untracked";
  readonly mark?: number;
  /** `pod shop/web-1`, `internet`, `node n1`: where it was asked by name. */
  readonly fromName?: string;
  /** `shop/web:http`: where a Service was asked for. */
  readonly service?: string;
  /** The endpoint at which the node remembers the client. */
  readonly remembered?: string;
}

export interface ExplainedOutcome {
  /** 0 to 1. */
  readonly share: number;
  /** The same as a fraction: `715827883/2147483648`, `1`. */
  readonly exact: string;
  /** `unknown`: its last rule does what nobody can tell by the text. */
  readonly verdict: "delivered" | "rejected" | "dropped" | "untouched" | "unknown";
  /** `10.244.3.4:8080` of a delivered packet. */
  readonly destination?: string;
  /** `shop/web-7d9-abc`, where the state knows who has the address. */
  readonly pod?: string;
  /** On which node that is. */
  readonly podNode?: string;
  /** `icmp-port-unreachable` of a rejected one. */
  readonly rejectedWith?: string;
  /** Its source address becomes one of the node's, or `newSource`. */
  readonly masquerade: boolean;
  /** The source address that a rule gives it, as spelled: `192.0.2.10`, `192.0.2.10-192.0.2.12`. */
  readonly newSource?: string;
  /** It comes back to where it is from. */
  readonly hairpin: boolean;
  /** Seconds for which the client stays at this endpoint. */
  readonly affinitySeconds?: number;
  readonly scheduling?: Scheduling;
  /** What nobody can tell by the text, and the answer on which this outcome depends. */
  readonly assuming: readonly { readonly what: string; readonly holds: boolean }[];
  readonly hops: readonly ExplainedHop[];
}

/** A rule that took the packet, a chain's policy, or the virtual server that sent it on. */
export interface ExplainedHop {
  /** `nat`, or `ipvs`. */
  readonly table: string;
  /** Of a virtual server, its address. */
  readonly chain: string;
  /** Its number in the chain, from 1; null for a policy or a virtual server. */
  readonly rule: number | null;
  /** As the tool spells it. */
  readonly text: string;
  /** What it asked of the packet, and what it does. */
  readonly words: string;
  /** What it is there for: `Service shop/web spec.clusterIP (cluster.yaml:12:5)`, or its comment; empty if unknown. */
  readonly origin: string;
  /** The chain it calls, or the `ADDRESS:PORT` it sends on to. */
  readonly goesTo?: string;
  /** Of the packets that came to it, where chance decided. */
  readonly share?: number;
  readonly exact?: string;
  /** `Service shop/web`, `kube-proxy` */
  readonly object?: string;
  /** `spec.ports[0].nodePort` */
  readonly field?: string;
  /** Where that is written. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number };
  /** The file and line the rule itself stands in; those of a policy are not known. */
  readonly file?: string;
  readonly line?: number;
}
