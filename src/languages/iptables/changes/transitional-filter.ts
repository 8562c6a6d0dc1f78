import { type ChainLines, emptyTable, type OwnedTable } from "../../../ir/owned.ts";
import type { ChainRole, OwnChains } from "../own-chains.ts";
import { targetOf } from "../rule-lines.ts";
import { compareChain, hasTwice } from "./compare-chain.ts";
import { placesKept } from "./rule-changes.ts";

/** The nat and filter tables of one side. */
export interface TwoTables {
  readonly nat: OwnedTable | undefined;
  readonly filter: OwnedTable | undefined;
}

/**
 * The filter table while the nat table changes. A filter rule sees only packets that nat does not translate. Rules for
 * addresses in the live nat table are added before nat changes, those for new addresses after it; deletes the other way
 * round.
 */
export function transitionalFilter(live: TwoTables, desired: TwoTables, own: OwnChains): OwnedTable | undefined {
  if (live.filter === undefined && desired.filter === undefined) return undefined;
  const have = live.filter ?? emptyTable;
  const want = desired.filter ?? emptyTable;
  const [before, after] = [sentOn(live.nat, own), sentOn(desired.nat, own)];
  const timing: Timing = {
    comesEarly: (line) => before.has(addressKey(line)),
    goesLate: (line) => after.has(addressKey(line)),
    rewritesEarly: false,
    own,
  };
  const jumps = transitionalChains(have.jumps, want.jumps, timing);
  const isAsFound = ([chain]: readonly [string, unknown]): boolean =>
    compareChain(jumps.get(chain) ?? [], have.jumps.get(chain) ?? [], own) === undefined;
  return {
    ...have,
    chains: transitionalChains(have.chains, want.chains, timing),
    jumps,
    foreignBefore: new Map([...have.foreignBefore].filter(isAsFound)),
  };
}

/**
 * The nat table until virtual servers are deleted. Rules that match on a set stay while IPVS handles the packets they
 * mark; with an empty set they do nothing. All other rules change in one transaction.
 */
export function transitionalNat(
  live: OwnedTable | undefined,
  desired: OwnedTable | undefined,
  own: OwnChains,
): OwnedTable | undefined {
  if (live === undefined) return desired;
  // All rules mark packets for IPVS, and are deleted after its virtual servers.
  if (desired === undefined && [...live.chains.values()].some((lines) => lines.some(asksForSet))) return live;
  const want = desired ?? emptyTable;
  const timing: Timing = { comesEarly: () => true, goesLate: asksForSet, rewritesEarly: true, own };
  const chains = transitionalChains(live.chains, want.chains, timing);
  const changed = [...chains].filter(([chain, lines]) => lines !== live.chains.get(chain));
  const needed = new Set(changed.flatMap(([, lines]) => lines.filter(asksForSet)).map(targetOf));
  for (const [chain, lines] of live.chains) {
    if (want.chains.has(chain)) continue;
    if (needed.has(chain) || own.roleOf(chain) === "detector") chains.set(chain, lines);
    else chains.delete(chain);
  }
  return { ...live, chains, jumps: want.jumps, foreignBefore: placesKept(want, live) };
}

function asksForSet(line: string): boolean {
  return line.includes(" --match-set ");
}

/** When the rules of a table change. */
interface Timing {
  /** Of missing rules. */
  readonly comesEarly: (line: string) => boolean;
  /** Of extra rules. */
  readonly goesLate: (line: string) => boolean;
  /** For chains with duplicate rules, which cannot be edited one by one: they change in one transaction. */
  readonly rewritesEarly: boolean;
  readonly own: OwnChains;
}

/** Chains to delete are kept, with the rules that are deleted late. */
function transitionalChains(
  live: ChainLines,
  desired: ChainLines,
  { comesEarly, goesLate, rewritesEarly, own }: Timing,
): Map<string, readonly string[]> {
  const transitional = new Map<string, readonly string[]>();
  for (const [chain, want] of desired) {
    const have = live.get(chain) ?? [];
    const difference = compareChain(want, have, own);
    if (difference === undefined || hasTwice(want) || hasTwice(have)) {
      transitional.set(chain, difference === undefined || rewritesEarly ? want : have);
      continue;
    }
    const missing = new Set(difference.missing);
    const kept = want.filter((line) => !missing.has(line) || comesEarly(line));
    transitional.set(chain, withExtra(kept, difference.live, new Set(difference.extra.filter(goesLate))));
  }
  for (const [chain, have] of live) if (!desired.has(chain)) transitional.set(chain, have.filter(goesLate));
  return transitional;
}

/** Rules that are deleted late keep their position: before the rule that follows them now. */
function withExtra(kept: readonly string[], have: readonly string[], extra: ReadonlySet<string>): readonly string[] {
  const standing = new Set(kept);
  const before = new Map<string, string[]>();
  let waiting: string[] = [];
  for (const line of have) {
    if (extra.has(line)) waiting.push(line);
    else if (standing.has(line) && waiting.length > 0) {
      before.set(line, [...(before.get(line) ?? []), ...waiting]);
      waiting = [];
    }
  }
  return [...kept.flatMap((line) => [...(before.get(line) ?? []), line]), ...waiting];
}

/** The chains whose rules name the addresses and ports of fragments. */
const dispatching: readonly ChainRole[] = ["dispatch", "local-dispatch"];

/** The addresses and ports in the nat table; and the empty key of rules without an address. */
function sentOn(nat: OwnedTable | undefined, own: OwnChains): ReadonlySet<string> {
  const keys = new Set([""]);
  for (const chain of dispatching.flatMap(own.named)) {
    for (const line of nat?.chains.get(chain) ?? []) keys.add(addressKey(line));
  }
  return keys;
}

/** `10.96.0.1/32 tcp 80`, without an address for a port of the host itself; empty for a rule with neither. */
function addressKey(line: string): string {
  const port = / -p (\S+) .*--dport (\S+)/.exec(line);
  if (port === null) return "";
  const address = / -d (\S+\/(?:32|128)) /.exec(line)?.[1] ?? "";
  return `${address} ${port[1]} ${port[2]}`;
}
