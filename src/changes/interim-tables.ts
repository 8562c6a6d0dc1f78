import { chains } from "../modes/iptables/chains.ts";
import { targetOf } from "../tools/iptables/canonical-rule.ts";
import type { ChainLines } from "../tools/iptables/parse-chains.ts";
import { compareChain } from "./compare-chain.ts";
import type { OwnedTable } from "./owned-state.ts";

const emptyTable: OwnedTable = { chains: new Map(), jumps: new Map(), jumpPositions: new Map(), heldChains: new Set() };

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
  const { chains: haveChains, jumps: haveJumps, heldChains } = found.filter ?? emptyTable;
  const { chains: wantChains, jumps: wantJumps } = wanted.filter ?? emptyTable;
  const [before, after] = [sentOn(found.nat), sentOn(wanted.nat)];
  const isEarly = (line: string): boolean => before.has(addressKey(line));
  const isLate = (line: string): boolean => after.has(addressKey(line));
  return {
    chains: interimChains(haveChains, wantChains, isEarly, isLate),
    jumps: interimChains(haveJumps, wantJumps, isEarly, isLate),
    jumpPositions: wanted.filter?.jumpPositions ?? new Map(),
    heldChains,
  };
}

/**
 * The nat table between before and after, as it is to be until virtual servers are gone. What asks for a set stays
 * while IPVS still sends on what the set marks; with an empty set it does nothing. All else changes at once.
 */
export function interimNat(found: OwnedTable | undefined, wanted: OwnedTable | undefined): OwnedTable | undefined {
  if (found === undefined || wanted === undefined) return wanted;
  const chains = interimChains(found.chains, wanted.chains, () => true, asksForSet);
  const changed = [...chains].filter(([chain, lines]) => lines !== found.chains.get(chain));
  const needed = new Set(changed.flatMap(([, lines]) => lines.filter(asksForSet)).map(targetOf));
  for (const [chain, lines] of found.chains) {
    if (wanted.chains.has(chain)) continue;
    if (needed.has(chain)) chains.set(chain, lines);
    else chains.delete(chain);
  }
  return { ...wanted, chains, heldChains: found.heldChains };
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
    const difference = compareChain(want, found.get(chain) ?? []);
    if (difference === undefined) {
      interim.set(chain, want);
      continue;
    }
    const missing = new Set(difference.missing);
    const kept = want.filter((line) => !missing.has(line) || comesEarly(line));
    interim.set(chain, withExtra(kept, difference.found, new Set(difference.extra.filter(goesLate))));
  }
  for (const [chain, have] of found) if (!wanted.has(chain)) interim.set(chain, have.filter(goesLate));
  return interim;
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
