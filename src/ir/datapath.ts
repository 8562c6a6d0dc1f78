/** What packets meet on a host, independent of tools: each language that affects packets is translated into this. */

export type StageFamily = "ip" | "ip6" | "inet";

/** A place on a packet's way through the kernel (NF_INET_PRE_ROUTING and so on). */
export type Hook = "prerouting" | "input" | "forward" | "output" | "postrouting";

/** A chain that the kernel calls at a hook. Stages of one hook run by priority; those of nat are one dispatcher. */
export interface Stage {
  readonly family: StageFamily;
  readonly hook: Hook;
  readonly priority: number;
  /** `balance`: what IPVS does at the hook, without a chain. */
  readonly type: "filter" | "nat" | "route" | "balance";
  readonly entry: ChainRef;
}

export interface ChainRef {
  readonly table: string;
  readonly chain: string;
}

/** A rule as it applies to packets. Its text in its own language is kept for messages. */
export interface PacketRule {
  readonly line: number;
  /** Without counters. */
  readonly text: string;
  readonly predicates: readonly Predicate[];
  readonly action: Action;
  /** Of the text. */
  readonly language: RuleLanguage;
}

/** The languages that rules are written in. */
export type RuleLanguage = "iptables" | "nftables";

/** Parses the lines of one language as rules. */
export interface RuleReader {
  /** For a line that cannot be parsed, a rule of unknown action. */
  readonly read: (line: { readonly text: string; readonly number: number }) => PacketRule;
  /** The only destination address that the rule matches, if this can be seen without parsing the whole line. */
  readonly peekDestination: (text: string) => string | undefined;
  /** False only for a line whose rule does not match on a destination address or port. */
  readonly mayAskDestination: (text: string) => boolean;
  /** False only for a line whose rule does not change the destination. */
  readonly mayTranslate: (text: string) => boolean;
  /** All addresses that the rule changes the destination to, if these can be seen without parsing the whole line. */
  readonly peekTranslations: (text: string) => readonly string[] | undefined;
  /** The chains that the rule may lead packets to, and perhaps words that name none. */
  readonly targetsOf: (text: string) => readonly string[];
  /** The sets and maps of the rule's own table that decide what it does. */
  readonly setsOf: (text: string) => readonly string[];
}

/** A chain. Its lines stay text until the chain is walked. */
export interface LoadedChain {
  readonly name: string;
  /** Of a built-in chain; undefined for other chains. */
  readonly policy: string | undefined;
  /** Without counters. */
  readonly lines: readonly string[];
  /** Line numbers, from 1, beside `lines`. */
  readonly numbers: readonly number[];
  /** The file each line is from; one for all where there is only one. */
  readonly files: readonly string[];
  /** The reader of the language that the lines are in. */
  readonly reader: RuleReader;
}

/** The file of a line of a chain, by its index. */
export function fileOf({ files }: LoadedChain, at: number): string {
  return (files.length > 1 ? files[at] : files[0]) ?? "";
}

/** Both ends belong to it. */
export interface PortInterval {
  readonly from: number;
  readonly to: number;
}

export type Side = "source" | "destination";

/** A match of a rule. `text` is the match as its tool prints it, without `!`. */
export type Predicate = { readonly negated: boolean; readonly text: string } & (
  | AddressIn
  | PortIn
  /** `tcp`, `udp`, `sctp`, `icmp`, `icmpv6`, or another by its name or number. */
  | { readonly kind: "protocol"; readonly protocol: string }
  /** ICMP messages of one type; `isEcho`: of echo requests. */
  | { readonly kind: "icmp-type"; readonly protocol: "icmp" | "icmpv6"; readonly isEcho: boolean }
  | InterfaceIs
  /** Came in by a port of a bridge. */
  | { readonly kind: "bridge-port" }
  | { readonly kind: "local-address"; readonly side: Side }
  | { readonly kind: "connection-state"; readonly states: readonly string[] }
  | { readonly kind: "mark"; readonly of: "packet" | "connection"; readonly value: number; readonly mask: number }
  /** Of those of the mask, these flags are set and no others. */
  | { readonly kind: "tcp-flags"; readonly mask: readonly string[]; readonly set: readonly string[] }
  /** Matches at random, with this probability. */
  | { readonly kind: "chance"; readonly numerator: number; readonly denominator: number }
  | RecentIn
  | LookupIn
  /** A packet that one of the elements matches. */
  | { readonly kind: "element-of"; readonly elements: Elements }
  | { readonly kind: "family"; readonly family: "ip" | "ip6" }
  /** Matches a connection of an IPVS virtual server. */
  | { readonly kind: "balanced"; readonly protocol: string; readonly address: string; readonly port: number }
  /** Packets here are not fragmented: a match on fragments never matches. */
  | { readonly kind: "never" }
  /** The text does not determine the result; `isFickle`: each evaluation may differ, as with a rate limit. */
  | {
      readonly kind: "unknown";
      readonly isFickle: boolean;
      /** The match fails for packets of other protocols. */
      readonly protocol?: string;
    }
);

export interface AddressIn {
  readonly kind: "address-in";
  readonly side: Side;
  /** Addresses, networks, and ranges (`10.0.0.1-10.0.0.9`). */
  readonly ranges: readonly string[];
}

export interface PortIn {
  readonly kind: "port-in";
  readonly side: Side | "either";
  /** Undefined: of any protocol that has ports. */
  readonly protocol: string | undefined;
  /** Undefined: any port. */
  readonly ports: readonly PortInterval[] | undefined;
}

export interface InterfaceIs {
  readonly kind: "interface";
  readonly side: "in" | "out";
  readonly name: string;
  /** Every interface whose name begins so. */
  readonly isPrefix: boolean;
}

/** Matches the clients in a recent list; `set` adds the client, whatever the result. */
export interface RecentIn {
  readonly kind: "recent";
  readonly action: "rcheck" | "set" | "update";
  readonly seconds: number | undefined;
  readonly list: string;
  readonly side: Side;
}

/** Whether these parts of the packet match an entry of a set. */
export interface LookupIn {
  readonly kind: "lookup";
  readonly set: string;
  readonly sides: readonly Side[];
}

/** The elements of a set or a map, each as what it matches. */
export interface Elements {
  /** `@service-ips`, or the elements as spelled. */
  readonly text: string;
  readonly entries: readonly ElementEntry[];
}

export interface ElementEntry {
  readonly line: number;
  readonly text: string;
  readonly predicates: readonly Predicate[];
  /** Of a map. */
  readonly action?: Action;
}

/** A part of an action: `match` lets on only the packets that it matches. */
export type ActionStep = Action | { readonly kind: "match"; readonly predicates: readonly Predicate[] };

/** One of several actions, for some of the values of a generator: 2 to 3 of 8 are a quarter of all packets. */
export interface Choice extends PortInterval {
  readonly text: string;
  readonly action: Action;
}

/** The action of a rule for a packet that matches. */
export type Action =
  | { readonly kind: "continue" }
  /** `isOptional`: the name is that of a chain, or of an extension after which packets continue. */
  | { readonly kind: "jump"; readonly chain: string; readonly isOptional: boolean }
  | { readonly kind: "goto"; readonly chain: string }
  | { readonly kind: "verdict"; readonly verdict: "accept" | "drop" | "return" }
  | { readonly kind: "reject"; readonly with: string | undefined }
  | Dnat
  | { readonly kind: "masquerade" }
  /** `address` as printed, possibly a range; undefined if the text does not contain one. */
  | { readonly kind: "snat"; readonly address: string | undefined }
  /** Which side is translated depends on the hook. */
  | { readonly kind: "map-network"; readonly to: string; readonly text: string }
  /** Clears the bits of the mask, then flips those of the value. */
  | { readonly kind: "set-mark"; readonly of: "packet" | "connection"; readonly value: number; readonly mask: number }
  | {
      readonly kind: "save-mark" | "restore-mark";
      readonly packetMask: number;
      readonly connectionMask: number;
      readonly text: string;
    }
  | { readonly kind: "no-track" }
  /** The action of the element that matches; none: the next rule. */
  | { readonly kind: "by-element"; readonly elements: Elements }
  | ShareOut
  /** One after the other, until one of them ends the packet's way through the chain or does not let it on. */
  | { readonly kind: "sequence"; readonly steps: readonly ActionStep[] }
  /** `ends`: whatever the action does, the packet leaves these rules here. */
  | { readonly kind: "unknown"; readonly text: string; readonly ends: boolean };

/** Divides the packets among choices by a generated value from 0 to `of` - 1; values without a choice go on. */
export interface ShareOut {
  readonly kind: "share-out";
  readonly of: number;
  /** `random`: by chance. `source`: by a hash of the source, so that a client stays. `turn`: one after the other. */
  readonly by: "random" | "source" | "turn" | "unknown";
  readonly choices: readonly Choice[];
}

export interface Dnat {
  readonly kind: "dnat";
  /** `this-node`: the address of the interface it came in by; loopback for what the node sends. */
  readonly to:
    | { readonly kind: "address"; readonly address: string }
    | { readonly kind: "this-node" }
    | { readonly kind: "unchanged" };
  /** Undefined: the packet keeps its port. */
  readonly ports: PortInterval | undefined;
  /** Any port of the range; else the packet's own if that is one of them, or the first free one. */
  readonly isRandom: boolean;
  readonly text: string;
}

/** A set that rules look packets up in. */
export interface LookupSet {
  readonly name: string;
  /** As its tool spells it: `hash:ip,port`. */
  readonly type: string;
  /** Undefined if the text does not determine which packets are in it. */
  readonly fields: readonly LookupField[] | undefined;
  readonly entries: readonly LookupEntry[];
}

export type LookupField = "address" | "network" | "port";

export interface LookupEntry {
  readonly text: string;
  /** One for each field of the set; empty where the fields are not known. */
  readonly parts: readonly LookupPart[];
}

export type LookupPart =
  /** An address, a network or a range. */
  | { readonly kind: "addresses"; readonly range: string }
  | { readonly kind: "ports"; readonly protocols: readonly string[]; readonly ports: PortInterval };

/** A route of a host: where packets to a network leave it. */
export interface Route {
  /** `10.244.2.0/24`; `0.0.0.0/0` or `::/0` for the default route. */
  readonly network: string;
  /** Undefined where packets do not leave by one interface: a blackhole, or several next hops. */
  readonly device: string | undefined;
  readonly gateway?: string | undefined;
}

/** Receives packets for one address and port, and sends each of them to one of its real servers. */
export interface VirtualServer {
  readonly line: number;
  /** As the tool spells it. */
  readonly text: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** `10.96.0.10:80`, as spelled. */
  readonly address: string;
  readonly scheduler: string;
  readonly schedulerFlags: string | undefined;
  /** The seconds for which a client stays at its real server. */
  readonly persistence: number | undefined;
  readonly realServers: readonly RealServer[];
}

export interface RealServer {
  /** `10.244.1.5:8080`, as spelled. */
  readonly address: string;
  readonly weight: number;
  readonly forwarding: string;
}
