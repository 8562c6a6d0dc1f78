import type { Entry, Scheduling } from "../../datapath/packet.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";

/** The path of one packet on one node, and its rules; printed unchanged by `explain packet -o json`. */
export interface PacketExplanation {
  readonly apiVersion: "portolan/v1alpha1";
  readonly kind: "PacketExplanation";
  readonly node: string;
  /** Null where a dump does not show the mode. */
  readonly mode: ProxyMode | null;
  readonly packet: ExplainedPacket;
  /** The shares of outcomes without assumptions, and for one answer to each assumption, sum to one. */
  readonly outcomes: readonly ExplainedOutcome[];
  /** What the outcomes mean, where that is not obvious. One sentence each, without a full stop. */
  readonly notes?: readonly string[];
  /** Assumptions. One sentence each, without a full stop. */
  readonly assumptions: readonly string[];
  /** Limits of the model. One sentence each, without a full stop. */
  readonly limits: readonly string[];
  /** The same for the other addresses by which a client outside the cluster reaches the Service. */
  readonly otherWays?: readonly ExplainedWay[];
}

/** One address of the target, and where packets to it go. */
export type ExplainedWay = Pick<PacketExplanation, "packet" | "outcomes" | "notes" | "assumptions" | "limits">;

export interface ExplainedPacket {
  readonly from: string;
  /** `ADDRESS:PORT`; of a protocol without ports, the address. */
  readonly to: string;
  /** `icmp`: an echo request. */
  readonly protocol: "tcp" | "udp" | "sctp" | "icmp";
  readonly entry: Entry;
  readonly interface?: string;
  readonly outInterface?: string;
  readonly state: "new" | "established" | "related" | "invalid" | "untracked";
  readonly mark?: number;
  /** `pod shop/web-1`, `internet`, `node n1`: where the request contained a name. */
  readonly fromName?: string;
  /** `shop/web:http`: where the request named a Service. */
  readonly service?: string;
  /** Which address of the Service this is. */
  readonly way?: "cluster IP" | "load balancer IP" | "external IP" | "node port";
  /** `pod shop/web-1`, `node n1`: where the request named one as the target. */
  readonly toName?: string;
  /** The endpoint at which the node remembers the client. */
  readonly remembered?: string;
}

export interface ExplainedOutcome {
  /** 0 to 1. */
  readonly share: number;
  /** The same as a fraction: `715827883/2147483648`, `1`. */
  readonly exact: string;
  /** `unknown`: the last rule ends the path in a way that the text does not show. */
  readonly verdict: "delivered" | "rejected" | "dropped" | "untouched" | "unknown";
  /** Why the end is `unknown`, where that is not the effect of the last rule. */
  readonly because?: string;
  /** `10.244.3.4:8080` of a delivered packet. */
  readonly destination?: string;
  /** `shop/web-7d9-abc`, where the state contains the pod of the address. */
  readonly pod?: string;
  /** The node of the pod. */
  readonly podNode?: string;
  /** `icmp-port-unreachable` of a rejected packet. */
  readonly rejectedWith?: string;
  /** The source address becomes one of the node's, or `newSource`. */
  readonly masquerade: boolean;
  /** The new source address as the rule spells it: `192.0.2.10`, `192.0.2.10-192.0.2.12`. */
  readonly newSource?: string;
  /** The packet is sent back to its source. */
  readonly hairpin: boolean;
  /** Seconds for which the client stays at this endpoint. */
  readonly affinitySeconds?: number;
  readonly scheduling?: Scheduling;
  /** Questions that the text does not answer, and the answers that this outcome depends on. */
  readonly assuming: readonly { readonly what: string; readonly holds: boolean }[];
  readonly hops: readonly ExplainedHop[];
}

/** In the place of the table of hops that are virtual servers. */
export const virtualServerTable = "ipvs";

export function isVirtualServer({ table }: Pick<ExplainedHop, "table">): boolean {
  return table === virtualServerTable;
}

/** A rule that matched the packet, a chain's policy, or the virtual server that sent it on. */
export interface ExplainedHop {
  /** `nat`, or `ipvs`. */
  readonly table: string;
  /** Of a virtual server, its address. */
  readonly chain: string;
  /** Its number in the chain, from 1; null for a policy or a virtual server. */
  readonly rule: number | null;
  /** As the tool spells it. */
  readonly text: string;
  /** The rule's condition and action in words. */
  readonly words: string;
  /** The origin: `Service shop/web spec.clusterIP (cluster.yaml:12:5)`, or the comment; empty if unknown. */
  readonly origin: string;
  /** The chain it calls, or the `ADDRESS:PORT` it sends on to. */
  readonly goesTo?: string;
  /** The fraction of the packets at the rule, where a random match decided. */
  readonly share?: number;
  readonly exact?: string;
  /** `Service shop/web`, `kube-proxy` */
  readonly object?: string;
  /** `spec.ports[0].nodePort` */
  readonly field?: string;
  /** The place of the field. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number };
  /** The file and line of the rule; unknown for a policy. */
  readonly file?: string;
  readonly line?: number;
}
