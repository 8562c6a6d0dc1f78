import { type AddressSet, type Interval, intersect, isEmpty, printTarget, unite } from "./address-set.ts";
import type { Assumption, Outcome } from "./packet.ts";
import { everything, nearShare, plus, type Share, sameShare } from "./share.ts";

/** Sources that are treated alike, and their outcomes. */
export interface SourceClass {
  readonly sources: AddressSet;
  readonly parts: readonly Part[];
}

/** All packets of a class with the same outcome. Outcomes with different assumptions are separate parts. */
export interface Part {
  /** Verdict, target, masquerade and affinity as one text. */
  readonly key: string;
  readonly share: Share;
  readonly assumptions: readonly Assumption[];
  /** One of the paths with this outcome. */
  readonly outcome: Outcome;
}

/** Divides outcomes into classes of sources. Classes are ordered by their first address, parts by their key. */
export function classesOf(outcomes: readonly Outcome[]): readonly SourceClass[] {
  const classes: { readonly sources: AddressSet[]; readonly parts: readonly Part[] }[] = [];
  // Only parts with the same keys can be the same.
  const byKeys = new Map<string, (typeof classes)[number][]>();
  for (const { sources, outcomes: ways } of atomsOf(outcomes)) {
    const parts = partsOf(ways);
    const keys = parts.map(({ key }) => key).join("\n");
    const alike = byKeys.get(keys) ?? [];
    byKeys.set(keys, alike);
    const same = alike.find((each) => sameParts(each.parts, parts));
    if (same !== undefined) same.sources.push(sources);
    else {
      const added = { sources: [sources], parts };
      alike.push(added);
      classes.push(added);
    }
  }
  return classes.map(({ sources, parts }) => ({ sources: uniteAll(sources), parts }));
}

function uniteAll(sets: readonly AddressSet[]): AddressSet {
  const [first] = sets;
  return sets.length === 1 && first !== undefined ? first : unite(sets, first?.bits ?? 32);
}

interface Atom {
  readonly sources: AddressSet;
  readonly outcomes: readonly Outcome[];
}

/**
 * The coarsest division of the sources in which each outcome holds for a piece as a whole or not at all. One sweep over
 * the bounds of all intervals: between two of them the same outcomes hold.
 */
function atomsOf(outcomes: readonly Outcome[]): readonly Atom[] {
  const [first, ...others] = outcomes;
  if (first === undefined) return [];
  if (others.length === 0) return isEmpty(first.sources) ? [] : [{ sources: first.sources, outcomes }];
  const apart = atomsApart(outcomes);
  if (apart !== undefined) return apart;
  const { bits } = first.sources;
  const pieces = new Map<string, { readonly intervals: Interval[]; readonly outcomes: readonly Outcome[] }>();
  const holding = new Set<number>();
  const bounds = boundsOf(outcomes);
  for (const [at, { value, number, begins }] of bounds.entries()) {
    if (begins) holding.add(number);
    else holding.delete(number);
    const next = bounds[at + 1]?.value ?? value;
    if (next === value || holding.size === 0) continue;
    const numbers = [...holding].sort((a, b) => a - b);
    const id = numbers.join();
    const interval = { from: value, to: next - 1n };
    const known = pieces.get(id);
    if (known !== undefined) known.intervals.push(interval);
    else pieces.set(id, { intervals: [interval], outcomes: numbers.flatMap((index) => outcomes[index] ?? []) });
  }
  // Pieces are found in the order of their first addresses.
  return [...pieces.values()].map(({ intervals, outcomes: ways }) => {
    const sets = intervals.map((interval) => ({ bits, intervals: [interval] }));
    return { sources: uniteAll(sets), outcomes: ways };
  });
}

/** With more sets than this, the sweep is faster than comparing each with each. */
const mostSets = 6;

/** The atoms of outcomes for the same sources or for sources apart from each other; undefined where some overlap. */
function atomsApart(outcomes: readonly Outcome[]): readonly Atom[] | undefined {
  const bySources = new Map<AddressSet, Outcome[]>();
  for (const outcome of outcomes) {
    const known = bySources.get(outcome.sources);
    if (known !== undefined) known.push(outcome);
    else if (bySources.size === mostSets) return undefined;
    else if (!isEmpty(outcome.sources)) bySources.set(outcome.sources, [outcome]);
  }
  const sets = [...bySources.keys()].sort(byStart);
  const isApart = (set: AddressSet, at: number) => sets.slice(at + 1).every((other) => isEmpty(intersect(set, other)));
  if (!sets.every(isApart)) return undefined;
  return sets.map((sources) => ({ sources, outcomes: bySources.get(sources) ?? [] }));
}

function byStart(a: AddressSet, b: AddressSet): number {
  return (a.intervals[0]?.from ?? 0n) < (b.intervals[0]?.from ?? 0n) ? -1 : 1;
}

interface Bound {
  readonly value: bigint;
  /** Of the outcome. */
  readonly number: number;
  readonly begins: boolean;
}

function boundsOf(outcomes: readonly Outcome[]): readonly Bound[] {
  const bounds = outcomes.flatMap(({ sources }, number) =>
    sources.intervals.flatMap(({ from, to }) => [
      { value: from, number, begins: true },
      { value: to + 1n, number, begins: false },
    ]),
  );
  return bounds.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : Number(a.begins) - Number(b.begins)));
}

/** Merges paths with the same outcome, and drops assumptions that make no difference. */
export function partsOf(outcomes: readonly Outcome[]): readonly Part[] {
  const parts = new Map<string, Part>();
  for (const outcome of outcomes) {
    const key = outcomeKey(outcome);
    const whole = `${key} ${outcome.assumptions.map(({ what, holds }) => `${holds} ${what}`).join(" ")}`;
    const known = parts.get(whole);
    const { share, assumptions } = outcome;
    parts.set(
      whole,
      known === undefined ? { key, share, assumptions, outcome } : { ...known, share: plus(known.share, share) },
    );
  }
  const simple = withoutIdleQuestions([...parts.values()]);
  return simple.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/** Includes the assumptions: parts with the same outcome must have the same order on both sides of a comparison. */
function orderOf({ key, assumptions }: Part): string {
  const assumed = assumptions.map(({ what, holds }) => `${what} ${holds}`).sort();
  return [key, ...assumed].join("\n");
}

export function outcomeKey({ verdict, masqueraded, newSource, affinity, scheduling, share }: Outcome): string {
  const ends = verdict.kind === "delivered" ? `delivered ${printTarget(verdict.target)}` : verdict.kind;
  const isPlain = scheduling === undefined || scheduling === "by weight" || sameShare(share, everything);
  const chosen = isPlain ? "" : ` chosen ${scheduling}`;
  const source = newSource === undefined ? "" : ` as ${newSource}`;
  return `${ends}${masqueraded ? ` masqueraded${source}` : ""}${chosen}${affinity === undefined ? "" : ` for ${affinity} s`}`;
}

function withoutIdleQuestions(parts: Part[]): Part[] {
  if (parts.every(({ assumptions }) => assumptions.length === 0)) return parts;
  for (const [at, part] of parts.entries()) {
    for (const question of part.assumptions) {
      const rest = part.assumptions.filter((each) => each !== question);
      const twin = parts.findIndex((other, index) => index > at && isTwin(part, other, question, rest));
      if (twin < 0) continue;
      const others = parts.filter((_, index) => index !== at && index !== twin);
      return withoutIdleQuestions([...others, { ...part, assumptions: rest }]);
    }
  }
  return parts;
}

function isTwin(part: Part, other: Part, question: Assumption, rest: readonly Assumption[]): boolean {
  if (part.key !== other.key || other.assumptions.length !== part.assumptions.length) return false;
  if (!nearShare(part.share, other.share, 0)) return false;
  const has = (what: string, holds: boolean): boolean =>
    other.assumptions.some((each) => each.what === what && each.holds === holds);
  return has(question.what, !question.holds) && rest.every(({ what, holds }) => has(what, holds));
}

/** Equal except for the rounding of thresholds: each preceding endpoint may have rounded by one. */
export function sameParts(a: readonly Part[], b: readonly Part[]): boolean {
  return (
    a.length === b.length &&
    a.every((part, at) => {
      const other = b[at];
      return (
        other !== undefined &&
        part.key === other.key &&
        sameAssumptions(part.assumptions, other.assumptions) &&
        nearShare(part.share, other.share, a.length)
      );
    })
  );
}

function sameAssumptions(a: readonly Assumption[], b: readonly Assumption[]): boolean {
  return (
    a.length === b.length && a.every(({ what, holds }) => b.some((each) => each.what === what && each.holds === holds))
  );
}
