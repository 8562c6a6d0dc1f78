import type { Family } from "../../model/address.ts";
import { type SetKey, setKeys } from "../../modes/ipvs/sets.ts";
import type { Fragment, Fragments } from "./lower-services.ts";
import { createOrderedCounts, type OrderedCounts, setCount } from "./ordered-counts.ts";

/** What all Services of one family ask for together, as far as a change of one has to know it. */
export interface Ledger {
  endpoints: number;
  /** By `nat KUBE-SERVICES`: how many rules each Service has there. */
  readonly rules: Map<string, OrderedCounts>;
  /** How many Services have rules that count. */
  readonly counters: Map<string, number>;
  /** How many Services ask for each entry of a set. */
  readonly entries: Readonly<Record<SetKey, Map<string, number>>>;
}

export type Ledgers = ReadonlyMap<Family, Ledger>;

export function createLedgers(fragments: Fragments): Ledgers {
  return new Map(
    [...fragments].map(([family, byService]) => {
      const ledger = createLedger();
      for (const [key, fragment] of byService) enter(ledger, key, fragment);
      return [family, ledger];
    }),
  );
}

function createLedger(): Ledger {
  const entries = Object.fromEntries(setKeys.map((key) => [key, new Map()])) as Ledger["entries"];
  return { endpoints: 0, rules: new Map(), counters: new Map(), entries };
}

/** One fragment takes another's place. */
export function replaceFragment(ledger: Ledger, key: string, before: Fragment, after: Fragment): void {
  leave(ledger, key, before);
  enter(ledger, key, after);
}

function leave(ledger: Ledger, key: string, fragment: Fragment): void {
  add(ledger, fragment, -1);
  for (const chain of fragment.shared.keys()) setCount(rulesOf(ledger, chain), key, 0);
}

function enter(ledger: Ledger, key: string, fragment: Fragment): void {
  add(ledger, fragment, 1);
  for (const [chain, rules] of fragment.shared) setCount(rulesOf(ledger, chain), key, rules.length);
}

export function rulesOf({ rules }: Ledger, chain: string): OrderedCounts {
  const counts = rules.get(chain) ?? createOrderedCounts();
  rules.set(chain, counts);
  return counts;
}

function add(ledger: Ledger, { endpoints, counters, collected }: Fragment, sign: 1 | -1): void {
  ledger.endpoints += sign * endpoints;
  for (const counter of counters) count(ledger.counters, counter, sign);
  if (collected === undefined) return;
  for (const set of setKeys) for (const entry of collected.entries[set].keys()) count(ledger.entries[set], entry, sign);
}

function count(counts: Map<string, number>, key: string, sign: 1 | -1): void {
  const left = (counts.get(key) ?? 0) + sign;
  if (left === 0) counts.delete(key);
  else counts.set(key, left);
}
