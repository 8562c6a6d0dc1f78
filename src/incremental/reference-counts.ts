import type { Family } from "../model/address.ts";
import type { Fragment } from "../programs/program.ts";
import type { Fragments } from "./lower-services.ts";

/** What all Services of one family refer to, as far as a change of one Service needs it. */
export interface ReferenceCounts {
  endpoints: number;
  /** By `nat KUBE-SERVICES`: how many rules each Service has there. */
  readonly rules: Map<string, OrderedCounts>;
  /** The number of Services with rules that use each counter. */
  readonly counters: Map<string, number>;
  /** The number of Services that refer to each entry of a set. */
  readonly entries: Map<string, Map<string, number>>;
}

export type Ledgers = ReadonlyMap<Family, ReferenceCounts>;

export function createLedgers(fragments: Fragments): Ledgers {
  return new Map(
    [...fragments].map(([family, byService]) => {
      const ledger = createLedger();
      for (const [key, fragment] of byService) enter(ledger, key, fragment);
      return [family, ledger];
    }),
  );
}

function createLedger(): ReferenceCounts {
  return { endpoints: 0, rules: new Map(), counters: new Map(), entries: new Map() };
}

/** Replaces the counts of one fragment with those of another. */
export function replaceFragment(ledger: ReferenceCounts, key: string, before: Fragment, after: Fragment): void {
  leave(ledger, key, before);
  enter(ledger, key, after);
}

function leave(ledger: ReferenceCounts, key: string, fragment: Fragment): void {
  add(ledger, fragment, -1);
  for (const chain of fragment.shared.keys()) setCount(rulesOf(ledger, chain), key, 0);
}

function enter(ledger: ReferenceCounts, key: string, fragment: Fragment): void {
  add(ledger, fragment, 1);
  for (const [chain, rules] of fragment.shared) setCount(rulesOf(ledger, chain), key, rules.length);
}

export function rulesOf({ rules }: ReferenceCounts, chain: string): OrderedCounts {
  const counts = rules.get(chain) ?? createOrderedCounts();
  rules.set(chain, counts);
  return counts;
}

function add(ledger: ReferenceCounts, { endpoints, counters, objects }: Fragment, sign: 1 | -1): void {
  ledger.endpoints += sign * endpoints;
  for (const counter of counters) count(ledger.counters, counter, sign);
  if (objects === undefined) return;
  for (const set in objects.entries) {
    const counts = ledger.entries.get(set) ?? new Map<string, number>();
    ledger.entries.set(set, counts);
    for (const entry of objects.entries[set]?.keys() ?? []) count(counts, entry, sign);
  }
}

function count(counts: Map<string, number>, key: string, sign: 1 | -1): void {
  const left = (counts.get(key) ?? 0) + sign;
  if (left === 0) counts.delete(key);
  else counts.set(key, left);
}

/**
 * How many lines each of many keys has, in key order. A key's place among the lines is found without walking all keys:
 * runs of at most 512 keys know their sums.
 */
export interface OrderedCounts {
  readonly runs: Run[];
}

interface Run {
  readonly keys: string[];
  readonly counts: number[];
  sum: number;
}

const mostKeys = 512;

export function createOrderedCounts(): OrderedCounts {
  return { runs: [] };
}

/** A count of 0 removes the key. */
export function setCount({ runs }: OrderedCounts, key: string, count: number): void {
  const at = runOf(runs, key);
  const run = runs[at];
  if (run === undefined) {
    if (count > 0) runs.push({ keys: [key], counts: [count], sum: count });
    return;
  }
  const index = firstNotBefore(run.keys, key);
  const isThere = run.keys[index] === key;
  run.sum += count - (isThere ? (run.counts[index] as number) : 0);
  if (count > 0) {
    run.keys.splice(index, isThere ? 1 : 0, key);
    run.counts.splice(index, isThere ? 1 : 0, count);
    if (run.keys.length > mostKeys) split(runs, at);
  } else if (isThere) {
    run.keys.splice(index, 1);
    run.counts.splice(index, 1);
    if (run.keys.length === 0) runs.splice(at, 1);
  }
}

/** The number of lines of the keys before this one, whether or not it is present. */
export function countBefore({ runs }: OrderedCounts, key: string): number {
  const at = runOf(runs, key);
  let sum = 0;
  for (let before = 0; before < at; before++) sum += (runs[before] as Run).sum;
  const run = runs[at];
  if (run === undefined) return sum;
  const end = firstNotBefore(run.keys, key);
  for (let index = 0; index < end; index++) sum += run.counts[index] as number;
  return sum;
}

/** The last run that begins at the key or before it, else the first. */
function runOf(runs: readonly Run[], key: string): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.keys[0] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function firstNotBefore(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keys mostly come in order, so the first half is left full. */
function split(runs: Run[], at: number): void {
  const run = runs[at] as Run;
  const isLast = at === runs.length - 1;
  const start = isLast ? mostKeys : mostKeys / 2;
  const [keys, counts] = [run.keys.splice(start), run.counts.splice(start)];
  const sum = counts.reduce((total, count) => total + count, 0);
  run.sum -= sum;
  runs.splice(at + 1, 0, { keys, counts, sum });
}
