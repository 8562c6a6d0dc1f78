import {
  type ChainChange,
  type ChainDifference,
  type ChainLines,
  emptyTable,
  type OwnedRules,
  type OwnedTable,
} from "../../../ir/owned.ts";
import type { Family } from "../../../model/address.ts";
import type { OwnChains } from "../own-chains.ts";
import { targetOf } from "../rule-lines.ts";
import { compareChain } from "./compare-chain.ts";
import { comparePartialChains } from "./partial-chain.ts";

/** Differences of one family's rules: desired chains in their order, then those to delete. */
export function diffRules(
  family: Family,
  desired: OwnedRules | undefined,
  live: OwnedRules | undefined,
  own: OwnChains,
): readonly ChainChange[] {
  const tables = new Set([...(desired?.tables.keys() ?? []), ...(live?.tables.keys() ?? [])]);
  const isShared = live?.isShared ?? false;
  return [...tables].flatMap((table) => {
    const want = desired?.tables.get(table) ?? emptyTable;
    const have = live?.tables.get(table) ?? emptyTable;
    const isKept = desired !== undefined;
    const place = { own, family, table, isShared, isKept, heldChains: have.heldChains, want, have };
    return [
      ...diffChains({ ...place, isBuiltIn: false }, want.chains, have.chains),
      ...diffChains({ ...place, isBuiltIn: true }, want.jumps, have.jumps),
    ];
  });
}

interface ChainsPlace {
  readonly own: OwnChains;
  readonly family: Family;
  readonly table: string;
  readonly isBuiltIn: boolean;
  readonly isShared: boolean;
  /** The family keeps our rules, so that a chain of role `detector` may stay. */
  readonly isKept: boolean;
  readonly heldChains: ReadonlySet<string>;
  readonly want: OwnedTable;
  readonly have: OwnedTable;
}

function diffChains(place: ChainsPlace, desired: ChainLines, live: ChainLines): readonly ChainChange[] {
  const { own, family, table, isBuiltIn, isShared } = place;
  const changes: ChainChange[] = [];
  const visit = (chain: string, want: readonly string[] | undefined, have: readonly string[] | undefined): void => {
    const lines = isShared ? withSharedRules(chain, want, have, own) : want;
    const foreignBefore = isBuiltIn && lines !== undefined ? foreignBeforeJumps(place, chain, lines) : [];
    const isMoved = differ(foreignBefore, place.have.foreignBefore.get(chain) ?? []);
    const partial = place.have.partialChains?.get(chain);
    const rules =
      partial === undefined
        ? compareChain(lines ?? [], have ?? [], own)
        : comparePartialChains(lines ?? [], have ?? []);
    const difference = isMoved ? { ...(rules ?? noDifference), reordered: true } : rules;
    if (difference === undefined && (lines === undefined) === (have === undefined)) return;
    const kind = have === undefined ? "add" : lines === undefined ? "remove" : "change";
    const isHeld = place.heldChains.has(chain);
    const sides = { desired: lines ?? [], live: have ?? [], difference: difference ?? noDifference };
    changes.push({ family, table, chain, kind, isBuiltIn, ...sides, foreignBefore, isHeld, partial });
  };
  for (const [chain, want] of desired) visit(chain, want, live.get(chain));
  for (const [chain, have] of live) {
    if (!desired.has(chain) && !(place.isKept && own.roleOf(chain) === "detector")) visit(chain, undefined, have);
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

/** With another owner on the host, the rules of a shared chain and the jumps to it stay. */
function withSharedRules(
  chain: string,
  desired: readonly string[] | undefined,
  live: readonly string[] | undefined,
  own: OwnChains,
): readonly string[] | undefined {
  if (live === undefined) return desired;
  const isGuard = (name: string | undefined): boolean => name !== undefined && own.roleOf(name) === "guard";
  const theirs = isGuard(chain) ? live : live.filter((line) => isGuard(targetOf(line)));
  if (!isGuard(chain) && theirs.length === 0) return desired;
  const known = compareChain(theirs, desired ?? [], own);
  const kept = known === undefined ? [] : known.missing;
  return [...kept, ...(desired ?? [])];
}

/**
 * The desired rules, with the host's lines in chains that match. Unchanged chains are compared once, later recognised by
 * identity, and keep the host's spelling.
 */
export function shareEqualChains(
  desired: OwnedRules | undefined,
  live: OwnedRules | undefined,
  own: OwnChains,
): OwnedRules | undefined {
  if (desired === undefined || live === undefined) return desired;
  const tables = [...desired.tables].map(([name, table]) => {
    const have = live.tables.get(name);
    const chains = have === undefined ? table.chains : shareChains(table.chains, have.chains, own);
    return [name, { ...table, chains }] as const;
  });
  return { ...desired, tables: new Map(tables) };
}

function shareChains(desired: ChainLines, live: ChainLines, own: OwnChains): ChainLines {
  const shared = new Map<string, readonly string[]>();
  for (const [chain, lines] of desired) {
    const have = live.get(chain);
    shared.set(chain, have !== undefined && compareChain(lines, have, own) === undefined ? have : lines);
  }
  return shared;
}
