import { targetOf } from "../tools/iptables/canonical-rule.ts";
import type { ChainLines, ChainTexts } from "../tools/iptables/parse-chains.ts";
import { isOwnedChain, kubeletCanary } from "./owned-names.ts";
import type { OwnedRules, OwnedTable } from "./owned-state.ts";

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** What of a rule text is ours: all chains of our names, and the rules of built-in chains that lead into them. */
export function ownedRules({ tables }: ChainTexts): OwnedRules {
  const owned = new Map<string, OwnedTable>();
  let sharedWithKubelet = false;
  for (const [name, chains] of tables) {
    if (chains.has(kubeletCanary)) sharedWithKubelet = true;
    const table = ownedTable(chains);
    if (table.chains.size > 0 || table.jumps.size > 0) owned.set(name, table);
  }
  return { tables: owned, sharedWithKubelet };
}

function ownedTable(all: ChainLines): OwnedTable {
  const chains = new Map<string, readonly string[]>();
  const jumps = new Map<string, readonly string[]>();
  const jumpPositions = new Map<string, readonly number[]>();
  const heldChains = new Set<string>();
  for (const [name, lines] of all) {
    if (isOwnedChain(name)) {
      chains.set(name, lines);
      continue;
    }
    const leading = lines.filter((line) => line.includes("KUBE-") && isOwnedChain(targetOf(line) ?? ""));
    if (leading.length === 0) continue;
    if (builtIn.has(name)) {
      jumps.set(name, leading);
      jumpPositions.set(
        name,
        leading.map((line) => lines.indexOf(line) + 1),
      );
    } else for (const line of leading) heldChains.add(targetOf(line) as string);
  }
  return { chains, jumps, jumpPositions, heldChains };
}
