import type { PacketRule, VirtualServer } from "../ir/datapath.ts";
import type { AddressSet, Target } from "./address-set.ts";
import type { Share } from "./share.ts";

/** From the network, from a pod of this node, or from a process of the node itself. */
export type Entry = "outside" | "pod" | "node";

/** `icmp`: an echo request, of ICMPv6 where the addresses are IPv6. It has no ports. */
export type Protocol = "tcp" | "udp" | "sctp" | "icmp";

export function hasPorts(protocol: Protocol): boolean {
  return protocol !== "icmp";
}

/** The conntrack state of the packet. Rules of the nat table see only the first packet of a connection. */
export type ConnectionState = "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED";

/** A packet from one source, or from a class of sources. */
export interface Packet {
  readonly entry: Entry;
  /** Undefined: unknown, so a rule that matches on it splits the packets. */
  readonly inInterface?: string | undefined;
  /** The interface it leaves by, where that is known; else the routes of the host tell. */
  readonly outInterface?: string | undefined;
  readonly sources: AddressSet;
  /** Canonical text. */
  readonly destination: string;
  readonly protocol: Protocol;
  /** 0 where the protocol has no ports. */
  readonly port: number;
  readonly state?: ConnectionState;
  readonly mark?: number;
  /** What the node has recorded about the client. */
  readonly remembered?: Remembered | undefined;
}

/** An active session affinity: lists of `-m recent` that contain the client, and its real server in IPVS. */
export interface Remembered {
  readonly lists: ReadonlySet<string>;
  readonly target: string | undefined;
}

export type Verdict =
  /** Sent to another address or port. */
  | { readonly kind: "delivered"; readonly target: Target }
  | { readonly kind: "rejected"; readonly with: string | undefined }
  | { readonly kind: "dropped" }
  /** No rule handles the packet: it keeps its destination and is not refused. */
  | { readonly kind: "untouched" }
  /** The path ends in a way that the text does not show; `because` where that is not the effect of the last rule. */
  | { readonly kind: "unknown"; readonly because?: string | undefined };

/** How IPVS distributes clients: by weight, by a hash of the client, or by the current load. */
export type Scheduling = "by weight" | "by source" | "dynamic";

export interface Outcome {
  readonly sources: AddressSet;
  /** The fraction of the packets from these sources for which the assumptions hold. */
  readonly share: Share;
  readonly verdict: Verdict;
  /** The source address becomes one of the node's, or the one that a rule names. */
  readonly masqueraded: boolean;
  /** The new source as the rule spells it, where a rule names one. */
  readonly newSource?: string | undefined;
  /** Seconds for which the client stays at this endpoint. */
  readonly affinity: number | undefined;
  /** Lists of `-m recent` that contain the client from now on. */
  readonly remembers: readonly string[];
  /** Only where IPVS chose the endpoint. */
  readonly scheduling: Scheduling | undefined;
  readonly assumptions: readonly Assumption[];
  readonly hops: readonly Hop[];
}

/** A question that the text cannot answer, and the answer that this outcome depends on. */
export interface Assumption {
  /** As the rule spells it: `-m bpf --object-pinned /x`, `-i docker0`. */
  readonly what: string;
  readonly holds: boolean;
}

/** A rule that matched the packet, or the virtual server that sent it on. */
export type Hop =
  | {
      readonly kind: "rule";
      readonly table: string;
      readonly chain: string;
      /** From 1, within the chain. */
      readonly number: number;
      readonly rule: PacketRule;
      readonly file: string;
      /** The fraction of the packets at this rule, where a random match decided. */
      readonly chance: Share | undefined;
      /** The element of a map that decided, as spelled. */
      readonly element?: string | undefined;
    }
  | { readonly kind: "policy"; readonly table: string; readonly chain: string; readonly policy: string }
  | { readonly kind: "virtual-server"; readonly server: VirtualServer; readonly chance: Share | undefined };
