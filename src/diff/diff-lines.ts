import { withoutComments } from "../languages/iptables/canonical-rule.ts";
import type { RuleLine } from "./traffic-diff.ts";

export interface LineCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly moved: number;
}

export interface LineDiff extends LineCounts {
  /** Lines that only one side has; moved lines are not included. */
  readonly lines: readonly RuleLine[];
}

/**
 * Compares the lines of one chain. A line counts as moved if it only has another position, comment or name of the
 * called chain. Two lines that match the same packets count as one changed line.
 */
export function diffLines(
  before: readonly string[],
  after: readonly string[],
  rename: (line: string) => string,
): LineDiff {
  const plain = (line: string): string => withoutComments(line);
  const wanted = before.map((line) => plain(rename(line)));
  const gone = surplus(wanted, after.map(plain)).map((at) => before[at] ?? "");
  const come = surplus(after.map(plain), wanted).map((at) => after[at] ?? "");
  const changed = pairsOf(gone, come);
  const kept = wanted.length - gone.length;
  const moved = kept - commonPlaces(wanted, before, after, new Set(come));
  const lines: RuleLine[] = [
    ...gone.map((text) => ({ sign: "-" as const, text })),
    ...come.map((text) => ({ sign: "+" as const, text })),
  ];
  return { added: come.length - changed, changed, removed: gone.length - changed, moved, lines };
}

export function total(counts: readonly LineCounts[]): LineCounts {
  const sum = (of: keyof LineCounts): number => counts.reduce((all, each) => all + each[of], 0);
  return { added: sum("added"), changed: sum("changed"), removed: sum("removed"), moved: sum("moved") };
}

/** Positions of lines that occur more often than in the other list. */
function surplus(lines: readonly string[], others: readonly string[]): readonly number[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.flatMap((line, at) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count > 0 ? [] : [at];
  });
}

/** How many lines of one list have a counterpart in the other that matches the same packets. */
function pairsOf(gone: readonly string[], come: readonly string[]): number {
  const subject = (line: string): string =>
    withoutComments(line)
      .replace(/ -m statistic .*?--probability \S+| --seconds \d+| -j .*$/g, "")
      .replace(/^((?:tcp|udp|sctp) \S+)(?: -s .*|( -r \S+) -w \d+)$/, "$1$2");
  const waiting = new Map<string, number>();
  for (const line of come) waiting.set(subject(line), (waiting.get(subject(line)) ?? 0) + 1);
  return gone.filter((line) => {
    const count = waiting.get(subject(line)) ?? 0;
    waiting.set(subject(line), count - 1);
    return count > 0;
  }).length;
}

/** How many common lines have the same text and the same order on both sides. */
function commonPlaces(
  wanted: readonly string[],
  before: readonly string[],
  after: readonly string[],
  come: ReadonlySet<string>,
): number {
  const places = new Map<string, number[]>();
  // From the end, so that the first place is the last of its list.
  for (let at = after.length - 1; at >= 0; at -= 1) {
    const line = after[at] ?? "";
    if (come.has(line)) continue;
    const list = places.get(line);
    if (list === undefined) places.set(line, [at]);
    else list.push(at);
  }
  const order = wanted.flatMap((_, at) => places.get(before[at] ?? "")?.pop() ?? []);
  return longestRise(order);
}

/** The length of the longest increasing subsequence (patience sorting). */
function longestRise(values: readonly number[]): number {
  const tails: number[] = [];
  for (const value of values) {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tails[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    tails[low] = value;
  }
  return tails.length;
}
