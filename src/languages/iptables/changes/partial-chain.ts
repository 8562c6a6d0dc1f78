import { type ChainDifference, type PartialChain, tag } from "../../../ir/owned.ts";
import { deleteRule, insertRule } from "../rule-lines.ts";
import { hasTwice, without } from "./compare-chain.ts";

/** Both sides have Portolan's spelling, and positions count even where the order does not matter. */
export function comparePartialChains(desired: readonly string[], live: readonly string[]): ChainDifference | undefined {
  const missing = without(desired, live);
  const extra = without(live, desired);
  const expected = without(desired, missing);
  const actual = without(live, extra);
  const reordered = expected.some((line, index) => line !== actual[index]);
  if (!reordered && missing.length === 0 && extra.length === 0) return undefined;
  return { missing, extra, reordered, live };
}

interface PartialChange {
  readonly chain: string;
  readonly desired: readonly string[];
  readonly live: readonly string[];
  readonly difference: ChainDifference;
}

/** Lines for iptables-restore that make the change: deletes, then each insert at its final position. */
export function editPartialChain(
  { chain, desired, live, difference }: PartialChange,
  partial: PartialChain,
): readonly string[] {
  const isWhole = difference.reordered || hasTwice(desired) || hasTwice(live);
  const leaving = new Set(isWhole ? live : difference.extra);
  const arriving = new Set(isWhole ? desired : difference.missing);
  const placed = inOrder(live, partial).filter(({ line }) => leaving.has(line));
  const [nameless, named] = [
    placed.filter(({ line }) => isNameless(line)),
    placed.filter(({ line }) => !isNameless(line)),
  ];
  return [
    ...nameless.reverse().map(({ position }) => `-D ${chain} ${position}`),
    ...named.map(({ line }) => deleteRule(line)),
    ...inOrder(desired, partial)
      .filter(({ line }) => arriving.has(line))
      .map(({ line, position }) => insertRule(line.replace(tag, ""), chain, position)),
  ];
}

function isNameless(line: string): boolean {
  return hasMemory(line) || tag.test(line);
}

/** The rules in their live order, counted from 1. */
function inOrder(lines: readonly string[], { runOf, othersBefore }: PartialChain) {
  const sorted = lines.map((line) => ({ line, run: runOf.get(line) ?? 0 })).sort((a, b) => a.run - b.run);
  return sorted.map(({ line, run }, index) => ({ line, position: (othersBefore[run] ?? 0) + index + 1 }));
}

/** Rules with state of their own cannot be deleted by their text: iptables-save prints the state as well. */
export function hasMemory(line: string): boolean {
  return / -m (?:recent|statistic|nfacct) /.test(line);
}
