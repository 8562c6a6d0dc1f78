import type { EvaluatedHost } from "../datapath/host.ts";
import { languageOf } from "../languages/registry.ts";
import { type Chains, createNumbering, meaningOfChains, type TablePair } from "./changed-chains.ts";
import type { RulePairs, TablePairs } from "./destinations/equivalence-prefilter.ts";
import type { ChainRules, NodeRules, RuleLine } from "./traffic-diff.ts";

/** Differences of the text by chain and set. Differences that change the treatment of no packet count as moved. */
export function diffRules(pairs: RulePairs, base: EvaluatedHost, head: EvaluatedHost, node: string): NodeRules {
  const found = [
    ...diffFamily(pairs.ipv4, "IPv4"),
    ...diffFamily(pairs.ipv6, "IPv6"),
    ...diffSets(base, head),
    ...diffServers(base, head),
  ];
  const counts = total(found.map(({ diff }) => diff));
  return { nodes: [node], ...counts, chains: found.map(({ rules }) => rules) };
}

interface Found {
  readonly rules: ChainRules;
  readonly diff: LineDiff;
}

function diffFamily(tables: TablePairs, family: string): readonly Found[] {
  return [...tables].flatMap(([table, pair]) => diffTable(pair, table, family));
}

function diffTable(pair: TablePair, table: string, family: string): readonly Found[] {
  if (pair.different.size === 0) return [];
  const renamed = renamedChains(pair);
  const newNames = new Set(renamed.values());
  const rename = (line: string): string => {
    const at = line.lastIndexOf(" -j ") + 4;
    const now = at < 4 ? undefined : renamed.get(line.slice(at));
    return now === undefined ? line : `${line.slice(0, at)}${now}`;
  };
  return [...pair.different].sort().flatMap((name): readonly Found[] => {
    if (newNames.has(name)) return [];
    const now = renamed.get(name);
    const before = pair.base.get(name)?.lines ?? [];
    const after = pair.head.get(now ?? name)?.lines ?? [];
    const diff = diffLines(before, after, rename);
    const where = `${table} ${name} (${family})`;
    const count = before.length;
    if (now !== undefined) {
      return [
        {
          rules: { where, kind: "renamed", renamedTo: now, lines: [] },
          diff: { added: 0, changed: 0, removed: 0, moved: count, lines: [] },
        },
      ];
    }
    const kind = !pair.base.has(name)
      ? "added"
      : !pair.head.has(name)
        ? "removed"
        : diff.lines.length === 0
          ? "moved"
          : "changed";
    return [{ rules: { where, kind, renamedTo: undefined, lines: diff.lines }, diff }];
  });
}

/** Chains of base with another name and the same meaning in head: names are hashes of the chain's owner. */
function renamedChains({ base, head, different }: TablePair): ReadonlyMap<string, string> {
  const alone = (one: Chains, other: Chains) =>
    [...different].filter((name) => !other.has(name) && (one.get(name)?.lines.length ?? 0) > 0);
  const [gone, come] = [alone(base, head), alone(head, base)];
  if (gone.length === 0 || come.length === 0) return new Map();
  const numberOf = createNumbering();
  const [before, after] = [meaningOfChains(base, numberOf), meaningOfChains(head, numberOf)];
  const waiting = new Map<number, string[]>();
  for (const name of come.toReversed()) {
    const names = waiting.get(after(name));
    if (names === undefined) waiting.set(after(name), [name]);
    else names.push(name);
  }
  const renamed = new Map<string, string>();
  for (const name of gone) {
    const now = waiting.get(before(name))?.pop();
    if (now !== undefined) renamed.set(name, now);
  }
  return renamed;
}

const none: readonly string[] = [];

function diffSets(base: EvaluatedHost, head: EvaluatedHost): readonly Found[] {
  const names = [...new Set([...base.sets.keys(), ...head.sets.keys()])].sort();
  const lines = (host: EvaluatedHost, name: string): readonly string[] => {
    const set = host.sets.get(name);
    return set === undefined
      ? none
      : [`create ${name} ${set.type}`, ...set.entries.map(({ text }) => `add ${name} ${text}`)];
  };
  return names.flatMap((name) => compared(`ipset ${name}`, lines(base, name), lines(head, name)));
}

function diffServers(base: EvaluatedHost, head: EvaluatedHost): readonly Found[] {
  const lines = ({ servers }: EvaluatedHost): readonly string[] =>
    [...servers.values()].flatMap(({ protocol, address, scheduler, persistence, realServers }) => [
      `${protocol} ${address} -s ${scheduler}${persistence === undefined ? "" : ` -p ${persistence}`}`,
      ...realServers.map((real) => `${protocol} ${address} -r ${real.address} -w ${real.weight}`),
    ]);
  return compared("ipvs", lines(base), lines(head));
}

function compared(where: string, before: readonly string[], after: readonly string[]): readonly Found[] {
  const diff = diffLines(before, after, (line) => line);
  if (diff.lines.length === 0) return [];
  const kind = before.length === 0 ? "added" : after.length === 0 ? "removed" : "changed";
  return [{ rules: { where, kind, renamedTo: undefined, lines: diff.lines }, diff }];
}

interface LineCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly moved: number;
}

interface LineDiff extends LineCounts {
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
  const plain = (line: string): string => languageOf.iptables.lines.withoutComments(line);
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

function total(counts: readonly LineCounts[]): LineCounts {
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
    languageOf.iptables.lines
      .withoutComments(line)
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
