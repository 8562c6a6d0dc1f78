/** A host's tables of nftables, or those of a text. */
export interface Ruleset {
  readonly tables: readonly NftTable[];
}

export const tableFamilies = ["ip", "ip6", "inet", "arp", "bridge", "netdev"] as const;

export type TableFamily = (typeof tableFamilies)[number];

export interface NftTable {
  readonly family: TableFamily;
  readonly name: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly comment: string | undefined;
  readonly flags: readonly string[];
  readonly chains: ReadonlyMap<string, NftChain>;
  readonly sets: ReadonlyMap<string, NftSet>;
}

export interface NftChain {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly comment: string | undefined;
  /** Undefined: a chain that only other chains call. */
  readonly base: BaseChain | undefined;
  readonly rules: readonly NftLine[];
}

export interface BaseChain {
  readonly type: string;
  readonly hook: string;
  /** Undefined for a name that is not known. */
  readonly priority: number | undefined;
  readonly policy: "accept" | "drop";
  readonly device: string | undefined;
}

/** A rule or an element: its text without handle and counters, and its place. */
export interface NftLine {
  readonly text: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A set, or a map from keys to values. */
export interface NftSet {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly comment: string | undefined;
  /** `ipv4_addr`, `inet_proto`, `inet_service`: one for each part of the key; empty where the text has no type. */
  readonly key: readonly string[];
  /** `verdict`, or the type of the values; undefined for a set. */
  readonly value: readonly string[] | undefined;
  /** In alphabetical order. */
  readonly flags: readonly string[];
  /** Seconds for which elements are kept that say nothing else. */
  readonly timeout: number | undefined;
  readonly size: number | undefined;
  /** Other lines of it, as spelled: `auto-merge`, `counter`, `gc-interval 1m`. */
  readonly others: readonly string[];
  readonly elements: readonly NftElement[];
}

export interface NftElement {
  readonly line: number;
  /** `10.96.0.1 . tcp . 443`, as spelled. */
  readonly key: string;
  /** Of a map: `goto service-x`, `10.0.0.1 . 80`. */
  readonly value: string | undefined;
  readonly comment: string | undefined;
  /** Seconds; undefined where the element says nothing. */
  readonly timeout: number | undefined;
}

/** As an element is spelled in a listing, without its rest time and counters. */
export function elementText({ key, value, comment, timeout }: NftElement): string {
  const limit = timeout === undefined ? "" : ` timeout ${timeout}s`;
  const note = comment === undefined ? "" : ` comment "${comment}"`;
  return `${key}${limit}${note}${value === undefined ? "" : ` : ${value}`}`;
}

const tablesOfIptables: ReadonlySet<string> = new Set(["raw", "mangle", "nat", "filter", "security"]);

/** Whether iptables-nft keeps its rules in this table: by the names of its base chains. */
export function isOfIptables({ family, name, chains }: NftTable): boolean {
  if ((family !== "ip" && family !== "ip6") || !tablesOfIptables.has(name)) return false;
  return [...chains.values()].every(({ base, name: chain }) => base === undefined || chain === base.hook.toUpperCase());
}
