import { languageOf } from "../languages/registry.ts";
import type { TableBlock, WriteTablePart } from "../programs/program.ts";
import { ownedTables } from "../reconcile/owned-objects.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";
import { type FamilyPart, touchedEntries } from "./delta-kernel.ts";

/**
 * The tables of nftables of a part, before or after: the sets and chains of members, and the entries of shared sets that
 * members refer to. The ledgers are those of that side.
 */
export function tablesOfPart(
  parts: readonly FamilyPart[],
  write: WriteTablePart,
  side: "before" | "after",
): OwnedState["tables"] {
  const texts = parts.map((part) => ({
    file: "",
    text: write(part.settings, { entries: entriesOf(part, side), blocks: blocksOf(part, side) }),
  }));
  return ownedTables(languageOf.nftables.parse(texts).doc);
}

function blocksOf({ members }: FamilyPart, side: "before" | "after"): readonly TableBlock[] {
  return members.flatMap((member) => member[side].objects?.blocks ?? []);
}

/** An entry that only Services outside of the part refer to on this side is as the other side has it. */
function entriesOf(
  { members, ledger }: FamilyPart,
  side: "before" | "after",
): Readonly<Record<string, ReadonlyMap<string, unknown>>> {
  const entries: Record<string, Map<string, unknown>> = {};
  const fragments = [
    ...members.map((member) => member[side]),
    ...members.flatMap(({ before, after }) => [before, after]),
  ];
  for (const [set, keys] of touchedEntries(members)) {
    const counts = ledger.entries.get(set);
    const there = [...keys].filter((key) => counts?.has(key));
    const entryOf = (key: string): unknown =>
      fragments.find(({ objects }) => objects?.entries[set]?.has(key))?.objects?.entries[set]?.get(key);
    entries[set] = new Map(there.map((key) => [key, entryOf(key)]));
  }
  return entries;
}
