import type { PlacedProblem, TextPart } from "../ir/text.ts";
import { hidesRules, readTables, type SavedTable } from "../languages/iptables/read-tables.ts";

/** The rules of one family by table and chain. Lines stay text until somebody walks their chain. */
export interface LoadedRules {
  readonly tables: ReadonlyMap<string, SavedTable>;
  readonly problems: readonly LoadProblem[];
}

/** A line that may hide a rule, or rules that are not all there. */
export type LoadProblem = PlacedProblem;

/** Reads the texts of one family. Rules of iptables-legacy beside those of iptables-nft are rules that are not there. */
export function loadRules(parts: readonly TextPart[]): LoadedRules {
  const known = loaded.get(parts);
  if (known !== undefined) return known;
  const { tables, problems } = readTables(parts);
  const rules = {
    tables,
    problems: problems.filter((problem) => hidesRules(problem) || problem.kind === "other-backend"),
  };
  loaded.set(parts, rules);
  return rules;
}

/** By the parts themselves: whoever checks a text and whoever evaluates it read it once. */
const loaded = new WeakMap<readonly TextPart[], LoadedRules>();
