import type { Family } from "../model/address.ts";

/** Objects of ours on a host, live or desired, as languages read, compare and change them. */

/** The rules of each chain as lines, each as spelled, in order. */
export type ChainLines = ReadonlyMap<string, readonly string[]>;

/** By table: our chains with their rules, and the jumps to them from built-in chains. */
export interface OwnedRules {
  readonly tables: ReadonlyMap<string, OwnedTable>;
  /** Another program has the chains of role `guard` too: rules are added to them and never deleted. */
  readonly isShared: boolean;
}

export interface OwnedTable {
  readonly chains: ChainLines;
  readonly jumps: ChainLines;
  /** Live: the number of foreign rules before each jump of a built-in chain. Empty: jumps are inserted at the head. */
  readonly foreignBefore: ReadonlyMap<string, readonly number[]>;
  /** Live: the number of foreign rules in a built-in chain. */
  readonly foreignCounts: ReadonlyMap<string, number>;
  /** Our chains that foreign rules jump to: they can be emptied but not deleted. */
  readonly heldChains: ReadonlySet<string>;
  /** In a partial state: chains of which only some rules are given. */
  readonly partialChains?: ReadonlyMap<string, PartialChain>;
}

export const emptyTable: OwnedTable = {
  chains: new Map(),
  jumps: new Map(),
  foreignBefore: new Map(),
  foreignCounts: new Map(),
  heldChains: new Set(),
};

/** A chain of which only some rules are given: their positions among the others, which are not changed. */
export interface PartialChain {
  /** By rule: the number of its run of given rules, counted from the head of the chain. */
  readonly runOf: ReadonlyMap<string, number>;
  /** By run: the number of other rules before it. */
  readonly othersBefore: readonly number[];
}

/** Marks a rule that occurs in several runs, since its text alone is ambiguous. */
export function tagRule(line: string, run: number): string {
  return `${line} #${run}`;
}

/** Such a mark. */
export const tag = / #\d+$/;

export interface OwnedSet {
  readonly name: string;
  /** What the kernel keeps of its creation: type, family, range, size. */
  readonly shape: string;
  /** `create KUBE-CLUSTER-IP hash:ip,port family inet` */
  readonly create: string;
  readonly entries: ReadonlySet<string>;
  /** Foreign rules match on it. */
  readonly isHeld: boolean;
}

export interface OwnedServer {
  /** `-t 10.96.0.10:80` */
  readonly key: string;
  /** `-s rr -p 10800` */
  readonly options: string;
  /** By address: `-m -w 1`. */
  readonly realServers: ReadonlyMap<string, string>;
}

/** The differences between live and desired rules of a chain. Lines have the spelling of their side. */
export interface ChainDifference {
  /** Desired and not live, in their order. */
  readonly missing: readonly string[];
  /** Live and not desired, in their order. */
  readonly extra: readonly string[];
  /** The common rules have another order, and their order matters. */
  readonly reordered: boolean;
  /** The common rules in their live order and the desired spelling, with the extra ones in between. */
  readonly live: readonly string[];
}

/** A difference of one chain: a chain of ours, or the jumps to ours in a built-in chain. */
export interface ChainChange {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly kind: "add" | "change" | "remove";
  /** Whether `chain` is built-in: only its jumps to our chains are ours. */
  readonly isBuiltIn: boolean;
  readonly desired: readonly string[];
  /** The desired number of foreign rules before each jump; empty: none. */
  readonly foreignBefore: readonly number[];
  readonly live: readonly string[];
  /** For kind `change`. With other kinds all rules are missing, or extra. */
  readonly difference: ChainDifference;
  /** Foreign rules jump to it, so that it can be emptied but not deleted. */
  readonly isHeld: boolean;
  /** Where only some of the chain's rules are given. */
  readonly partial: PartialChain | undefined;
}
