import { deleteRule, insertRule } from "../../languages/iptables/canonical-rule.ts";
import { type ChainDifference, hasTwice, without } from "./compare-chain.ts";

/** Of a chain of which only some rules are given: where these stand among the others, which stay as they are. */
export interface PartialChain {
  /** By rule: the number of the run of given rules that it is in, counted from the head of the chain. */
  readonly runOf: ReadonlyMap<string, number>;
  /** By run: how many of the other rules stand before it. */
  readonly othersBefore: readonly number[];
}

/** Both sides are spelled by Portolan, and a rule's place counts even where its order says nothing. */
export function comparePartialChains(desired: readonly string[], live: readonly string[]): ChainDifference | undefined {
  const missing = without(desired, live);
  const extra = without(live, desired);
  const expected = without(desired, missing);
  const actual = without(live, extra);
  const reordered = expected.some((line, index) => line !== actual[index]);
  if (!reordered && missing.length === 0 && extra.length === 0) return undefined;
  return { missing, extra, reordered, live };
}

/** A rule that stands in several runs; without its run its text would name any of them. */
export function tagRule(line: string, run: number): string {
  return `${line} #${run}`;
}

const tag = / #\d+$/;

interface PartialChange {
  readonly chain: string;
  readonly desired: readonly string[];
  readonly live: readonly string[];
  readonly difference: ChainDifference;
}

/** Lines for iptables-restore that make the change: deletes, then each insert at the place it is to have in the end. */
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

/** The rules as they stand in the chain, counted from 1. */
function inOrder(lines: readonly string[], { runOf, othersBefore }: PartialChain) {
  const sorted = lines.map((line) => ({ line, run: runOf.get(line) ?? 0 })).sort((a, b) => a.run - b.run);
  return sorted.map(({ line, run }, index) => ({ line, position: (othersBefore[run] ?? 0) + index + 1 }));
}

/** Such rules cannot be named by what they say: they save a state as well. */
export function hasMemory(line: string): boolean {
  return / -m (?:recent|statistic|nfacct) /.test(line);
}
