import { targetOf } from "../../languages/iptables/canonical-rule.ts";
import type { Family } from "../../model/address.ts";
import { iptablesChains as chains, proxyCanary } from "../../programs/kube-proxy/chain-names.ts";
import { type ChainLines, emptyTable, type OwnedRules, type OwnedState, type OwnedTable } from "../owned-state.ts";
import { type ChainDifference, compareChain } from "./compare-chain.ts";
import { comparePartialChains, type PartialChain } from "./partial-chain.ts";

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

/** Differences of one family's rules: desired chains in their order, then those to delete. */
export function diffRules(
  family: Family,
  desired: OwnedRules | undefined,
  live: OwnedRules | undefined,
): readonly ChainChange[] {
  const tables = new Set([...(desired?.tables.keys() ?? []), ...(live?.tables.keys() ?? [])]);
  const isShared = live?.sharedWithKubelet ?? false;
  return [...tables].flatMap((table) => {
    const want = desired?.tables.get(table) ?? emptyTable;
    const have = live?.tables.get(table) ?? emptyTable;
    const isKept = desired !== undefined;
    const place = { family, table, isShared, isKept, heldChains: have.heldChains, want, have };
    return [
      ...diffChains({ ...place, isBuiltIn: false }, want.chains, have.chains),
      ...diffChains({ ...place, isBuiltIn: true }, want.jumps, have.jumps),
    ];
  });
}

interface ChainsPlace {
  readonly family: Family;
  readonly table: string;
  readonly isBuiltIn: boolean;
  readonly isShared: boolean;
  /** The family keeps our rules, so that their canary chain may stay. */
  readonly isKept: boolean;
  readonly heldChains: ReadonlySet<string>;
  readonly want: OwnedTable;
  readonly have: OwnedTable;
}

function diffChains(place: ChainsPlace, desired: ChainLines, live: ChainLines): readonly ChainChange[] {
  const { family, table, isBuiltIn, isShared } = place;
  const changes: ChainChange[] = [];
  const visit = (chain: string, want: readonly string[] | undefined, have: readonly string[] | undefined): void => {
    const lines = isShared ? withKubeletRules(chain, want, have) : want;
    const foreignBefore = isBuiltIn && lines !== undefined ? foreignBeforeJumps(place, chain, lines) : [];
    const isMoved = differ(foreignBefore, place.have.foreignBefore.get(chain) ?? []);
    const partial = place.have.partialChains?.get(chain);
    const rules = (partial === undefined ? compareChain : comparePartialChains)(lines ?? [], have ?? []);
    const difference = isMoved ? { ...(rules ?? noDifference), reordered: true } : rules;
    if (difference === undefined && (lines === undefined) === (have === undefined)) return;
    const kind = have === undefined ? "add" : lines === undefined ? "remove" : "change";
    const isHeld = place.heldChains.has(chain);
    const sides = { desired: lines ?? [], live: have ?? [], difference: difference ?? noDifference };
    changes.push({ family, table, chain, kind, isBuiltIn, ...sides, foreignBefore, isHeld, partial });
  };
  for (const [chain, want] of desired) visit(chain, want, live.get(chain));
  for (const [chain, have] of live) {
    if (!desired.has(chain) && !(place.isKept && chain === proxyCanary)) visit(chain, undefined, have);
  }
  // A chain that cannot be deleted and is empty already needs no change.
  return changes.filter(({ kind, isHeld, live: have }) => !(kind === "remove" && isHeld && have.length === 0));
}

/**
 * The desired number of foreign rules before each jump. Empty: any position is correct. Compiled text contains no
 * foreign rules, and positions mean nothing after foreign rules or a kubelet's jump were added or removed.
 */
function foreignBeforeJumps({ want, have }: ChainsPlace, chain: string, jumps: readonly string[]): readonly number[] {
  const places = placesKept(want, have).get(chain) ?? [];
  return places.length === jumps.length ? places : [];
}

/** The positions of jumps in chains that still have the same number of foreign rules. */
export function placesKept(want: OwnedTable, have: OwnedTable): OwnedTable["foreignBefore"] {
  const isKept = (chain: string): boolean => want.foreignCounts.get(chain) === have.foreignCounts.get(chain);
  return new Map([...want.foreignBefore].filter(([chain]) => isKept(chain)));
}

/** Whether jumps have moved from their known positions. */
function differ(desired: readonly number[], live: readonly number[]): boolean {
  return (
    desired.length > 0 && (desired.length !== live.length || desired.some((position, at) => position !== live[at]))
  );
}

const noDifference: ChainDifference = { missing: [], extra: [], reordered: false, live: [] };

/** With a kubelet on the host, the rules of its chain and the jumps to it stay. */
function withKubeletRules(
  chain: string,
  desired: readonly string[] | undefined,
  live: readonly string[] | undefined,
): readonly string[] | undefined {
  if (live === undefined) return desired;
  const theirs = live.filter((line) => chain === chains.kubeletFirewall || targetOf(line) === chains.kubeletFirewall);
  if (chain !== chains.kubeletFirewall && theirs.length === 0) return desired;
  const known = compareChain(theirs, desired ?? []);
  const kept = known === undefined ? [] : known.missing;
  return [...kept, ...(desired ?? [])];
}

/**
 * The desired state, with the host's lines in chains that match. Unchanged chains are compared once, later recognised
 * by identity, and keep the host's spelling.
 */
export function shareEqualChains(desired: OwnedState, live: OwnedState): OwnedState {
  const { ipv4, ipv6 } = desired.rules;
  return { ...desired, rules: { ipv4: shareRules(ipv4, live.rules.ipv4), ipv6: shareRules(ipv6, live.rules.ipv6) } };
}

function shareRules(desired: OwnedRules | undefined, live: OwnedRules | undefined): OwnedRules | undefined {
  if (desired === undefined || live === undefined) return desired;
  const tables = [...desired.tables].map(([name, table]) => {
    const have = live.tables.get(name);
    return [name, have === undefined ? table : { ...table, chains: shareChains(table.chains, have.chains) }] as const;
  });
  return { ...desired, tables: new Map(tables) };
}

function shareChains(desired: ChainLines, live: ChainLines): ChainLines {
  const shared = new Map<string, readonly string[]>();
  for (const [chain, lines] of desired) {
    const have = live.get(chain);
    shared.set(chain, have !== undefined && compareChain(lines, have) === undefined ? have : lines);
  }
  return shared;
}
