import type { TextProblem } from "../../ir/artifact.ts";

/** What a reader of iptables-save text finds. Values are kept as the tool spells them unless a number says it better. */

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
  /** Only built-in chains have one; `-` in the text is none. */
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
 * One question of a rule. `joined`: an option of the same `-m` as the match before it, as in
 * `-m tcp --sport 1 --dport 2`; each option has its own `!`.
 */
export type Match = { readonly negated: boolean; readonly joined?: true } & (
  | { readonly kind: "source"; readonly range: string }
  | { readonly kind: "destination"; readonly range: string }
  | { readonly kind: "in-interface"; readonly name: string }
  | { readonly kind: "out-interface"; readonly name: string }
  | { readonly kind: "protocol"; readonly protocol: string }
  | { readonly kind: "source-port"; readonly protocol: TransportProtocol; readonly ports: PortRange }
  /** `-m tcp` without options asks only for the protocol, which `-p` asks anyway: no ports. */
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
  /** `iprange`; both ends belong to it. */
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
  /** The kernel compares 31 random bits with this threshold: the share is threshold / 2^31. */
  | { readonly kind: "statistic"; readonly threshold: number }
  | { readonly kind: "nfacct"; readonly counter: string }
  /** Which side of the packet is compared with each part of an entry: `dst,dst,src`. */
  | { readonly kind: "set"; readonly name: string; readonly sides: readonly ("src" | "dst")[] }
  /** Of a connection that IPVS has sent on, by the virtual server it was for; the protocol is a number. */
  | { readonly kind: "ipvs"; readonly protocol: number; readonly address: string; readonly port: number }
  /** Came in by a port of a bridge. */
  | { readonly kind: "physdev-is-in" }
  /** Anything else, word by word as spelled, quotes and `!` included; `negated` is always false. */
  | { readonly kind: "unknown"; readonly words: readonly string[] }
);

export type Target =
  /** Also an extension target without options, say `-j TRACE`: the text alone cannot tell it from a chain. */
  | { readonly kind: "jump"; readonly chain: string }
  /** `-g`: what falls through that chain goes on where this one was called. */
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
  /** To the node itself; without ports the packet keeps its own. */
  | { readonly kind: "redirect"; readonly ports: PortRange | undefined; readonly random: boolean }
  /** `1.2.3.4`, `1.2.3.4-1.2.3.8`, `1.2.3.4:1000-2000`; flags as spelled: `--random`. */
  | { readonly kind: "snat"; readonly source: string; readonly flags: readonly string[] }
  /** Changes the network part of the destination, or of the source in POSTROUTING and INPUT. */
  | { readonly kind: "netmap"; readonly to: string }
  /** `by`: the older `-j NOTRACK`, or `-j CT --notrack`. */
  | { readonly kind: "notrack"; readonly by: "NOTRACK" | "CT" }
  /** Gives the packet to a local socket, where its mark is routed to this node (xt_TPROXY.c). */
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
 * What a target does to a packet's way through a table: `ends` it, `continues` with the next rule, `calls` another chain
 * or `returns` to the calling one. Of an unknown target the next rule may be met.
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

/** The kernel's own chains, where packets come in. */
export const builtInChains: ReadonlySet<string> = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);
