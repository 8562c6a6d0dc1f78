import type { OwnedRules, OwnedTable } from "../../../ir/owned.ts";
import type { OwnChains } from "../own-chains.ts";
import type { SavedTable, SavedTables } from "../read-tables.ts";
import { builtInChains, targetOf } from "../rule-lines.ts";

/** Our rules in a text: all chains with our names, and the jumps to them from built-in chains. */
export function ownedRules({ tables }: Pick<SavedTables, "tables">, own: OwnChains): OwnedRules {
  const owned = new Map<string, OwnedTable>();
  let isShared = false;
  for (const [name, chains] of tables) {
    if (own.sharing.some((chain) => chains.has(chain))) isShared = true;
    owned.set(name, ownedTable(chains, own));
  }
  return { tables: owned, isShared };
}

function ownedTable(all: SavedTable, own: OwnChains): OwnedTable {
  const chains = new Map<string, readonly string[]>();
  const jumps = new Map<string, readonly string[]>();
  const foreignBefore = new Map<string, readonly number[]>();
  const foreignCounts = new Map<string, number>();
  const heldChains = new Set<string>();
  for (const [name, { lines }] of all) {
    if (own.isOwned(name)) {
      chains.set(name, lines);
      continue;
    }
    const isLeading = (line: string): boolean =>
      own.prefixes.some((prefix) => line.includes(prefix)) && own.isOwned(targetOf(line) ?? "");
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
