import { targetOf } from "../../languages/iptables/canonical-rule.ts";
import type { Family } from "../../model/address.ts";
import { iptablesChains as chains, proxyCanary } from "../../programs/kube-proxy/chain-names.ts";
import type { ChainLines } from "../owned-state.ts";
import { emptyTable, type OwnedRules, type OwnedState, type OwnedTable } from "../owned-state.ts";
import { type ChainDifference, compareChain } from "./compare-chain.ts";
import { compareExcerpts, type Excerpt } from "./partial-chain.ts";

/** One chain that is not as wanted: a chain of ours, or the jumps into ours of a built-in chain. */
export interface ChainChange {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly kind: "add" | "change" | "remove";
  /** Whether `chain` is a built-in one, of which only the jumps into our chains are ours. */
  readonly isBuiltIn: boolean;
  readonly wanted: readonly string[];
  /** Of jumps: how many rules of others are to stand before each; empty: none. */
  readonly foreignBefore: readonly number[];
  readonly found: readonly string[];
  /** Of a change; of the others all rules are missing, or extra. */
  readonly difference: ChainDifference;
  /** Somebody else's rules lead to it, so that it can be emptied and not deleted. */
  readonly isHeld: boolean;
  /** Where only some of the chain's rules are given. */
  readonly excerpt: Excerpt | undefined;
}

/** What of one family's rules is not as wanted: wanted chains in their order, then those that are to go. */
export function diffRules(
  family: Family,
  wanted: OwnedRules | undefined,
  found: OwnedRules | undefined,
): readonly ChainChange[] {
  const tables = new Set([...(wanted?.tables.keys() ?? []), ...(found?.tables.keys() ?? [])]);
  const isShared = found?.sharedWithKubelet ?? false;
  return [...tables].flatMap((table) => {
    const want = wanted?.tables.get(table) ?? emptyTable;
    const have = found?.tables.get(table) ?? emptyTable;
    const isKept = wanted !== undefined;
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
  /** The family keeps rules of ours, so that what watches over them may stay. */
  readonly isKept: boolean;
  readonly heldChains: ReadonlySet<string>;
  readonly want: OwnedTable;
  readonly have: OwnedTable;
}

function diffChains(place: ChainsPlace, wanted: ChainLines, found: ChainLines): readonly ChainChange[] {
  const { family, table, isBuiltIn, isShared } = place;
  const changes: ChainChange[] = [];
  const visit = (chain: string, want: readonly string[] | undefined, have: readonly string[] | undefined): void => {
    const lines = isShared ? withKubeletRules(chain, want, have) : want;
    const foreignBefore = isBuiltIn && lines !== undefined ? foreignBeforeJumps(place, chain, lines) : [];
    const isMoved = differ(foreignBefore, place.have.foreignBefore.get(chain) ?? []);
    const excerpt = place.have.excerpts?.get(chain);
    const rules = (excerpt === undefined ? compareChain : compareExcerpts)(lines ?? [], have ?? []);
    const difference = isMoved ? { ...(rules ?? noDifference), reordered: true } : rules;
    if (difference === undefined && (lines === undefined) === (have === undefined)) return;
    const kind = have === undefined ? "add" : lines === undefined ? "remove" : "change";
    const isHeld = place.heldChains.has(chain);
    const sides = { wanted: lines ?? [], found: have ?? [], difference: difference ?? noDifference };
    changes.push({ family, table, chain, kind, isBuiltIn, ...sides, foreignBefore, isHeld, excerpt });
  };
  for (const [chain, want] of wanted) visit(chain, want, found.get(chain));
  for (const [chain, have] of found) {
    if (!wanted.has(chain) && !(place.isKept && chain === proxyCanary)) visit(chain, undefined, have);
  }
  // A chain that cannot be deleted and is empty already is as good as gone.
  return changes.filter(({ kind, isHeld, found: have }) => !(kind === "remove" && isHeld && have.length === 0));
}

/**
 * How many rules of others are to stand before each jump. Empty: wherever the jumps are will do, as compiled text knows
 * of no others, and a number means nothing once rules of others or a kubelet's jump have come or gone.
 */
function foreignBeforeJumps({ want, have }: ChainsPlace, chain: string, jumps: readonly string[]): readonly number[] {
  const places = placesKept(want, have).get(chain) ?? [];
  return places.length === jumps.length ? places : [];
}

/** Of the places of jumps, those in chains in which there are as many rules of others as there were. */
export function placesKept(want: OwnedTable, have: OwnedTable): OwnedTable["foreignBefore"] {
  const isKept = (chain: string): boolean => want.foreignCounts.get(chain) === have.foreignCounts.get(chain);
  return new Map([...want.foreignBefore].filter(([chain]) => isKept(chain)));
}

/** Whether jumps stand elsewhere than where they are known to have stood. */
function differ(wanted: readonly number[], found: readonly number[]): boolean {
  return wanted.length > 0 && (wanted.length !== found.length || wanted.some((position, at) => position !== found[at]));
}

const noDifference: ChainDifference = { missing: [], extra: [], reordered: false, found: [] };

/** Where a kubelet is at work, what leads to its chain and what stands in it stays. */
function withKubeletRules(
  chain: string,
  wanted: readonly string[] | undefined,
  found: readonly string[] | undefined,
): readonly string[] | undefined {
  if (found === undefined) return wanted;
  const theirs = found.filter((line) => chain === chains.kubeletFirewall || targetOf(line) === chains.kubeletFirewall);
  if (chain !== chains.kubeletFirewall && theirs.length === 0) return wanted;
  const known = compareChain(theirs, wanted ?? []);
  const kept = known === undefined ? [] : known.missing;
  return [...kept, ...(wanted ?? [])];
}

/**
 * The wanted state, with the very lines of the host wherever a chain says the same: what is not to change is compared
 * once and then known at a glance, and keeps the host's spelling.
 */
export function shareEqualChains(wanted: OwnedState, found: OwnedState): OwnedState {
  const { ipv4, ipv6 } = wanted.rules;
  return { ...wanted, rules: { ipv4: shareRules(ipv4, found.rules.ipv4), ipv6: shareRules(ipv6, found.rules.ipv6) } };
}

function shareRules(wanted: OwnedRules | undefined, found: OwnedRules | undefined): OwnedRules | undefined {
  if (wanted === undefined || found === undefined) return wanted;
  const tables = [...wanted.tables].map(([name, table]) => {
    const have = found.tables.get(name);
    return [name, have === undefined ? table : { ...table, chains: shareChains(table.chains, have.chains) }] as const;
  });
  return { ...wanted, tables: new Map(tables) };
}

function shareChains(wanted: ChainLines, found: ChainLines): ChainLines {
  const shared = new Map<string, readonly string[]>();
  for (const [chain, lines] of wanted) {
    const have = found.get(chain);
    shared.set(chain, have !== undefined && compareChain(lines, have) === undefined ? have : lines);
  }
  return shared;
}
