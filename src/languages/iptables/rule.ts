import type { TextProblem } from "../../ir/artifact.ts";

/** Parsed output of iptables-save. Values keep the spelling of the tool unless a number is clearer. */

export interface Tables {
  readonly tables: readonly Table[];
  readonly problems: readonly TextProblem[];
}

export interface Table {
  readonly name: string;
  readonly chains: readonly Chain[];
}

export interface Chain {
  readonly name: string;
  /** Only built-in chains have one; `-` in the text means none. */
  readonly policy: string | undefined;
  /** The line of `:NAME`; undefined when the text only appends to the chain, as to a built-in one. */
  readonly declaredAt: number | undefined;
  readonly counters: Counters | undefined;
  readonly rules: readonly Rule[];
}

/** Text, since a busy node counts more bytes than a number holds exactly. */
export interface Counters {
  readonly packets: string;
  readonly bytes: string;
}

export interface Rule {
  readonly chain: string;
  readonly line: number;
  readonly text: string;
  readonly counters: Counters | undefined;
  readonly matches: readonly Match[];
  readonly target: Target;
}

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export type TransportProtocol = "tcp" | "udp" | "sctp";

/** The TCP flags that iptables knows, in the order iptables-save prints them (libxt_tcp.c). */
export const tcpFlags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] as const;
export type TcpFlag = (typeof tcpFlags)[number];

/**
 * One condition of a rule. `joined`: an option of the same `-m` as the previous match, as in `-m tcp --sport 1 --dport
 * 2`; each option has its own `!`.
 */
export type Match = { readonly negated: boolean; readonly joined?: true } & (
  | { readonly kind: "source"; readonly range: string }
  | { readonly kind: "destination"; readonly range: string }
  | { readonly kind: "in-interface"; readonly name: string }
  | { readonly kind: "out-interface"; readonly name: string }
  | { readonly kind: "protocol"; readonly protocol: string }
  | { readonly kind: "source-port"; readonly protocol: TransportProtocol; readonly ports: PortRange }
  /** `-m tcp` without options repeats the protocol of `-p`: no ports. */
  | {
      readonly kind: "destination-port";
      readonly protocol: TransportProtocol;
      readonly ports: PortRange | undefined;
    }
  | { readonly kind: "tcp-flags"; readonly mask: readonly TcpFlag[]; readonly set: readonly TcpFlag[] }
  /** `either`: the source port or the destination port. */
  | {
      readonly kind: "multiport";
      readonly side: "source" | "destination" | "either";
      readonly ports: readonly PortRange[];
    }
  /** `iprange`, including both ends. */
  | {
      readonly kind: "address-range";
      readonly side: "source" | "destination";
      readonly from: string;
      readonly to: string;
    }
  /** `8`, `3/4`, `any`: the numbers of type and code. */
  | { readonly kind: "icmp"; readonly protocol: "icmp" | "icmp6"; readonly type: string }
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "address-type"; readonly side: "source" | "destination"; readonly type: string }
  | { readonly kind: "conntrack"; readonly states: readonly string[] }
  /** The older spelling of `conntrack` (xt_state.c): NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED. */
  | { readonly kind: "state"; readonly states: readonly string[] }
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  | { readonly kind: "connmark"; readonly value: number; readonly mask: number }
  | {
      readonly kind: "recent";
      readonly action: "rcheck" | "set" | "update";
      readonly seconds: number | undefined;
      readonly reap: boolean;
      readonly name: string;
      readonly mask: string | undefined;
      readonly side: "rsource" | "rdest";
    }
  /** The kernel compares 31 random bits with this threshold: the probability is threshold / 2^31. */
  | { readonly kind: "statistic"; readonly threshold: number }
  | { readonly kind: "nfacct"; readonly counter: string }
  /** The direction for each field of an entry: `dst,dst,src`. */
  | { readonly kind: "set"; readonly name: string; readonly sides: readonly ("src" | "dst")[] }
  /** A connection handled by IPVS, by its virtual server; the protocol is a number. */
  | { readonly kind: "ipvs"; readonly protocol: number; readonly address: string; readonly port: number }
  /** The packet came in through a bridge port. */
  | { readonly kind: "physdev-is-in" }
  /** Any other match, word by word as spelled, with quotes and `!`; `negated` is always false. */
  | { readonly kind: "unknown"; readonly words: readonly string[] }
);

export type Target =
  /** Or an extension target without options, such as `-j TRACE`: the text does not distinguish it from a chain. */
  | { readonly kind: "jump"; readonly chain: string }
  /** `-g`: a packet that falls through that chain continues where this chain was called. */
  | { readonly kind: "goto"; readonly chain: string }
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  | { readonly kind: "return" }
  | { readonly kind: "reject"; readonly with: string | undefined }
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  | { readonly kind: "connmark-set"; readonly value: number; readonly mask: number }
  | {
      readonly kind: "connmark-save" | "connmark-restore";
      readonly packetMask: number;
      readonly connectionMask: number;
    }
  | { readonly kind: "dnat"; readonly destination: string }
  /** To the node itself; without ports the destination port is kept. */
  | { readonly kind: "redirect"; readonly ports: PortRange | undefined; readonly random: boolean }
  /** `1.2.3.4`, `1.2.3.4-1.2.3.8`, `1.2.3.4:1000-2000`; flags as spelled: `--random`. */
  | { readonly kind: "snat"; readonly source: string; readonly flags: readonly string[] }
  /** Changes the network part of the destination, or of the source in POSTROUTING and INPUT. */
  | { readonly kind: "netmap"; readonly to: string }
  /** `by`: the older `-j NOTRACK`, or `-j CT --notrack`. */
  | { readonly kind: "notrack"; readonly by: "NOTRACK" | "CT" }
  /** Gives the packet to a local socket; its mark routes it to this node (xt_TPROXY.c). */
  | {
      readonly kind: "tproxy";
      readonly port: number;
      readonly address: string;
      readonly value: number;
      readonly mask: number;
    }
  | { readonly kind: "masquerade"; readonly randomFully: boolean }
  | { readonly kind: "none" }
  | { readonly kind: "unknown"; readonly words: readonly string[] };

/**
 * The effect of a target on a packet's path through a table: it `ends`, it `continues` at the next rule, the target
 * `calls` another chain or `returns` to the calling one. After an unknown target the next rule may be evaluated.
 */
export const targetEffects: Readonly<Record<Target["kind"], "ends" | "continues" | "calls" | "returns">> = {
  jump: "calls",
  goto: "calls",
  return: "returns",
  accept: "ends",
  drop: "ends",
  reject: "ends",
  dnat: "ends",
  redirect: "ends",
  netmap: "ends",
  masquerade: "ends",
  snat: "ends",
  tproxy: "ends",
  none: "continues",
  mark: "continues",
  "connmark-set": "continues",
  "connmark-save": "continues",
  "connmark-restore": "continues",
  notrack: "continues",
  unknown: "continues",
};
