import { builtInChains } from "../../tools/iptables/built-in-chains.ts";
import { targetOf } from "../../tools/iptables/canonical-rule.ts";
import type { ChainLines, ChainTexts } from "../../tools/iptables/parse-chains.ts";
import { isOwnedChain, kubeletCanary } from "./owned-names.ts";
import type { OwnedRules, OwnedTable } from "./owned-state.ts";

/** What of a rule text is ours: all chains of our names, and the rules of built-in chains that lead into them. */
export function ownedRules({ tables }: ChainTexts): OwnedRules {
  const owned = new Map<string, OwnedTable>();
  let sharedWithKubelet = false;
  for (const [name, chains] of tables) {
    if (chains.has(kubeletCanary)) sharedWithKubelet = true;
    owned.set(name, ownedTable(chains));
  }
  return { tables: owned, sharedWithKubelet };
}

/** Whether anything of ours is there at all. */
export function isAnythingOwned({ tables }: OwnedRules): boolean {
  return [...tables.values()].some(({ chains, jumps }) => chains.size > 0 || jumps.size > 0);
}

function ownedTable(all: ChainLines): OwnedTable {
  const chains = new Map<string, readonly string[]>();
  const jumps = new Map<string, readonly string[]>();
  const foreignBefore = new Map<string, readonly number[]>();
  const foreignCounts = new Map<string, number>();
  const heldChains = new Set<string>();
  for (const [name, lines] of all) {
    if (isOwnedChain(name)) {
      chains.set(name, lines);
      continue;
    }
    const isLeading = (line: string): boolean => line.includes("KUBE-") && isOwnedChain(targetOf(line) ?? "");
    const leading = lines.filter(isLeading);
    if (!builtInChains.has(name)) for (const line of leading) heldChains.add(targetOf(line) as string);
    else {
      foreignCounts.set(name, lines.length - leading.length);
      if (leading.length > 0) jumps.set(name, leading);
      if (leading.length > 0) foreignBefore.set(name, countForeignBefore(lines, isLeading));
    }
  }
  return { chains, jumps, foreignBefore, foreignCounts, heldChains };
}

function countForeignBefore(lines: readonly string[], isOurs: (line: string) => boolean): readonly number[] {
  const counts: number[] = [];
  let foreign = 0;
  for (const line of lines) {
    if (isOurs(line)) counts.push(foreign);
    else foreign += 1;
  }
  return counts;
}
