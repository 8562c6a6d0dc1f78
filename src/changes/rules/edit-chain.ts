import { deleteRule, insertRule } from "../../tools/iptables/edit-rule.ts";
import type { ChainDifference } from "./compare-chain.ts";
import { hasMemory } from "./excerpt.ts";
import { without } from "./line-counts.ts";

/** Lines for iptables-restore that change single rules of a chain: the deletes first, then the inserts. */
export interface ChainEdit {
  readonly deletes: readonly string[];
  readonly inserts: readonly string[];
}

/** Chains with fewer rules are written anew: that is as short, and cannot depend on what stands there. */
const leastRules = 50;
/** With more changes than one rule in so many, writing anew is no longer than editing. */
const rulesForEachChange = 8;

/** The edit that makes the difference, if one is worth it. */
export function editChain(
  chain: string,
  wanted: readonly string[],
  difference: ChainDifference,
): ChainEdit | undefined {
  const { missing, extra, reordered } = difference;
  const changes = missing.length + extra.length;
  if (reordered || wanted.length < leastRules || changes * rulesForEachChange > wanted.length) return undefined;
  if ([...missing, ...extra].some(hasMemory) || hasTwice(difference)) return undefined;
  return {
    deletes: extra.map(deleteRule),
    inserts: insertInto(without(difference.found, extra), chain, wanted, missing),
  };
}

/** Of a rule that stands twice, its text names the first, which may be the one to keep. */
function hasTwice({ extra, found }: ChainDifference): boolean {
  const counts = new Set(extra);
  return extra.length > counts.size || found.filter((line) => counts.has(line)).length > counts.size;
}

/** From the last to the first, each right before the rule that is to follow it. */
function insertInto(
  standing: string[],
  chain: string,
  wanted: readonly string[],
  missing: readonly string[],
): readonly string[] {
  const absent = new Set(missing);
  const inserts: string[] = [];
  let next: string | undefined;
  for (const line of [...wanted].reverse()) {
    if (absent.has(line)) {
      const index = next === undefined ? standing.length : standing.indexOf(next);
      standing.splice(index, 0, line);
      inserts.push(insertRule(line, chain, index + 1));
    }
    next = line;
  }
  return inserts;
}
