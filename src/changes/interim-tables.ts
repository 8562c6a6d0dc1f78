import { chains } from "../modes/iptables/chains.ts";
import { targetOf } from "../tools/iptables/canonical-rule.ts";
import type { ChainLines } from "../tools/iptables/parse-chains.ts";
import { compareChain } from "./compare-chain.ts";
import { emptyTable, type OwnedTable } from "./owned-state.ts";

/** The nat and filter tables of one side. */
export interface TwoTables {
  readonly nat: OwnedTable | undefined;
  readonly filter: OwnedTable | undefined;
}

/**
 * The filter table between before and after, as it is to be while the nat table changes. A filter rule meets only what
 * nat does not send on. So one for an address that nat has known so far comes before nat changes, and one for an
 * address that nat does not know yet comes after; what goes, goes the other way round.
 */
export function interimFilter(found: TwoTables, wanted: TwoTables): OwnedTable | undefined {
  if (found.filter === undefined && wanted.filter === undefined) return undefined;
  const have = found.filter ?? emptyTable;
  const want = wanted.filter ?? emptyTable;
  const [before, after] = [sentOn(found.nat), sentOn(wanted.nat)];
  const isEarly = (line: string): boolean => before.has(addressKey(line));
  const isLate = (line: string): boolean => after.has(addressKey(line));
  const jumps = interimChains(have.jumps, want.jumps, isEarly, isLate);
  const isAsFound = ([chain]: readonly [string, unknown]): boolean =>
    compareChain(jumps.get(chain) ?? [], have.jumps.get(chain) ?? []) === undefined;
  return {
    ...have,
    chains: interimChains(have.chains, want.chains, isEarly, isLate),
    jumps,
    foreignBefore: new Map([...have.foreignBefore].filter(isAsFound)),
  };
}

/**
 * The nat table between before and after, as it is to be until virtual servers are gone. What asks for a set stays
 * while IPVS still sends on what the set marks; with an empty set it does nothing. All else changes at once.
 */
export function interimNat(found: OwnedTable | undefined, wanted: OwnedTable | undefined): OwnedTable | undefined {
  if (found === undefined) return wanted;
  // All of it marks for IPVS, and goes when IPVS sends on no more.
  if (wanted === undefined && [...found.chains.values()].some((lines) => lines.some(asksForSet))) return found;
  const want = wanted ?? emptyTable;
  const chains = interimChains(found.chains, want.chains, () => true, asksForSet);
  const changed = [...chains].filter(([chain, lines]) => lines !== found.chains.get(chain));
  const needed = new Set(changed.flatMap(([, lines]) => lines.filter(asksForSet)).map(targetOf));
  for (const [chain, lines] of found.chains) {
    if (want.chains.has(chain)) continue;
    if (needed.has(chain)) chains.set(chain, lines);
    else chains.delete(chain);
  }
  return { ...want, chains, foreignCounts: found.foreignCounts, heldChains: found.heldChains };
}

function asksForSet(line: string): boolean {
  return line.includes(" --match-set ");
}

/** `comesEarly` asks of missing rules, `goesLate` of extra ones. Chains that are to go stay, with what goes late. */
function interimChains(
  found: ChainLines,
  wanted: ChainLines,
  comesEarly: (line: string) => boolean,
  goesLate: (line: string) => boolean,
): Map<string, readonly string[]> {
  const interim = new Map<string, readonly string[]>();
  for (const [chain, want] of wanted) {
    const have = found.get(chain);
    const difference = compareChain(want, have ?? []);
    // A rule that stands twice has no name of its own: such a chain changes in one go, at the end.
    const isTwice = have !== undefined && (hasTwice(want) || hasTwice(have));
    if (difference === undefined || isTwice) {
      interim.set(chain, isTwice ? have : want);
      continue;
    }
    const missing = new Set(difference.missing);
    const kept = want.filter((line) => !missing.has(line) || comesEarly(line));
    interim.set(chain, withExtra(kept, difference.found, new Set(difference.extra.filter(goesLate))));
  }
  for (const [chain, have] of found) if (!wanted.has(chain)) interim.set(chain, have.filter(goesLate));
  return interim;
}

function hasTwice(lines: readonly string[]): boolean {
  return new Set(lines).size < lines.length;
}

/** Rules that go later stay where they are among the others: before the one that follows them now. */
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

/** The addresses and ports, and the node ports, that the nat table sends on; and what is about no address. */
function sentOn(nat: OwnedTable | undefined): ReadonlySet<string> {
  const keys = new Set([""]);
  for (const chain of [chains.services, chains.nodePorts]) {
    for (const line of nat?.chains.get(chain) ?? []) keys.add(addressKey(line));
  }
  return keys;
}

/** `10.96.0.1/32 tcp 80`, without an address for a node port; empty for a rule that is about neither. */
function addressKey(line: string): string {
  const port = / -p (\S+) .*--dport (\S+)/.exec(line);
  if (port === null) return "";
  const address = / -d (\S+\/(?:32|128)) /.exec(line)?.[1] ?? "";
  return `${address} ${port[1]} ${port[2]}`;
}
