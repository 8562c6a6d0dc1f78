import type { PacketRule, VirtualServer } from "../ir/datapath.ts";
import type { AddressSet, Target } from "./address-set.ts";
import type { Share } from "./share.ts";

/** From the network, from a pod of this node, or from a process of the node itself. */
export type Entry = "outside" | "pod" | "node";

export type Protocol = "tcp" | "udp" | "sctp";

/** What conntrack makes of the packet. Rules of the nat table see only the first packet of a connection. */
export type ConnectionState = "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED";

/** A packet of one source, or of a class of them. */
export interface Packet {
  readonly entry: Entry;
  /** Undefined: nobody says, so a rule that asks for one splits the packets. */
  readonly inInterface?: string | undefined;
  readonly sources: AddressSet;
  /** Canonical text. */
  readonly destination: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly state?: ConnectionState;
  readonly mark?: number;
  /** What the node remembers of the client. */
  readonly remembered?: Remembered | undefined;
}

/** An affinity that is at work: lists of `-m recent` that hold the client, and the real server IPVS keeps it at. */
export interface Remembered {
  readonly lists: ReadonlySet<string>;
  readonly target: string | undefined;
}

export type Verdict =
  /** Sent on to another address or port. */
  | { readonly kind: "delivered"; readonly target: Target }
  | { readonly kind: "rejected"; readonly with: string | undefined }
  | { readonly kind: "dropped" }
  /** Goes on as if there were no rules: same destination, and nobody refused it. */
  | { readonly kind: "untouched" }
  /** Somewhere: its last rule does what nobody can tell by the text. */
  | { readonly kind: "unknown" };

/** How IPVS spreads clients: by weight, by a hash of the client, or by the load of the moment. */
export type Scheduling = "by weight" | "by source" | "dynamic";

export interface Outcome {
  readonly sources: AddressSet;
  /** Of those packets of these sources for which the assumptions hold. */
  readonly share: Share;
  readonly verdict: Verdict;
  /** Its source address becomes one of the node's, or the one that a rule names. */
  readonly masqueraded: boolean;
  /** Of those whose new source a rule names: as it names it. */
  readonly newSource?: string | undefined;
  /** Seconds for which the client stays at this endpoint. */
  readonly affinity: number | undefined;
  /** Lists of `-m recent` that hold the client from now on. */
  readonly remembers: readonly string[];
  /** Only where IPVS chose. */
  readonly scheduling: Scheduling | undefined;
  readonly assumptions: readonly Assumption[];
  readonly hops: readonly Hop[];
}

/** A question that the text alone cannot answer, and the answer this outcome depends on. */
export interface Assumption {
  /** As the rule spells it: `-m bpf --object-pinned /x`, `-i docker0`. */
  readonly what: string;
  readonly holds: boolean;
}

/** A rule that took the packet, or the virtual server that sent it on. */
export type Hop =
  | {
      readonly kind: "rule";
      readonly table: string;
      readonly chain: string;
      /** From 1, within the chain. */
      readonly number: number;
      readonly rule: PacketRule;
      readonly file: string;
      /** Of the packets that came to the rule, if chance has decided. */
      readonly chance: Share | undefined;
    }
  | { readonly kind: "policy"; readonly table: string; readonly chain: string; readonly policy: string }
  | { readonly kind: "virtual-server"; readonly server: VirtualServer; readonly chance: Share | undefined };
