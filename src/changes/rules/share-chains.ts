import type { ChainLines } from "../../tools/iptables/parse-chains.ts";
import type { OwnedRules, OwnedState } from "../owned/owned-state.ts";
import { compareChain } from "./compare-chain.ts";

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
