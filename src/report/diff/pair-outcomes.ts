import type { ClassOutcome, OutcomeLabel, TrafficChange } from "../../diff/traffic-diff.ts";
import { outcomeTarget } from "../words.ts";

/** One class of sources, with its outcomes before and after. */
export interface ClassPair {
  readonly from: string;
  readonly rows: readonly OutcomePair[];
  /** `before` or `after` if the other side divides sources into other classes. */
  readonly told: "both" | "before" | "after";
  /** Nothing changes for this class. */
  readonly same: boolean;
}

/** One outcome on both sides; undefined on the side that does not have it. */
export interface OutcomePair {
  readonly target: string;
  readonly before: OutcomeLabel | undefined;
  readonly after: OutcomeLabel | undefined;
}

/** Before and after of a change, class by class. */
export function pairClasses({ before, after }: Pick<TrafficChange, "before" | "after">): readonly ClassPair[] {
  const names = new Set([...before, ...after].map(({ from }) => from));
  return [...names].map((from) => {
    const was = classOf(before, from);
    const is = classOf(after, from);
    const rows = pairOutcomes(was ?? [], is ?? []);
    const told = was === undefined ? "after" : is === undefined ? "before" : "both";
    return { from, rows, told, same: told === "both" && rows.every(isSame) };
  });
}

/** Classes partition all sources: a single class covers every source, and a side without classes has no outcomes. */
function classOf(side: readonly ClassOutcome[], from: string): readonly OutcomeLabel[] | undefined {
  if (side.length === 0) return [];
  const named = side.find((one) => one.from === from);
  return named !== undefined ? named.outcomes : side.length === 1 ? side[0]?.outcomes : undefined;
}

type Likeness = (a: OutcomeLabel, b: OutcomeLabel) => boolean;

const sameEnd: Likeness = (a, b) => a.verdict === b.verdict && a.destination === b.destination;
const sameDoubt: Likeness = (a, b) => sameEnd(a, b) && a.assuming.join() === b.assuming.join();
const sameSource: Likeness = (a, b) => sameDoubt(a, b) && a.masquerade === b.masquerade;

/** Pairs outcomes with the same endpoint; if an endpoint has several, the most similar ones. */
function pairOutcomes(before: readonly OutcomeLabel[], after: readonly OutcomeLabel[]): readonly OutcomePair[] {
  const left = new Set(after);
  const partners = new Map<OutcomeLabel, OutcomeLabel>();
  for (const alike of [sameSource, sameDoubt, sameEnd]) {
    const byEnd = new Map<string, OutcomeLabel[]>();
    for (const outcome of left)
      byEnd.set(outcomeTarget(outcome), [...(byEnd.get(outcomeTarget(outcome)) ?? []), outcome]);
    for (const was of before) {
      if (partners.has(was)) continue;
      const is = byEnd.get(outcomeTarget(was))?.find((outcome) => left.has(outcome) && alike(was, outcome));
      if (is === undefined) continue;
      partners.set(was, is);
      left.delete(is);
    }
  }
  return [
    ...before.map((was) => ({ target: outcomeTarget(was), before: was, after: partners.get(was) })),
    ...[...left].map((is) => ({ target: outcomeTarget(is), before: undefined, after: is })),
  ];
}

function isSame({ before, after }: OutcomePair): boolean {
  if (before === undefined || after === undefined) return false;
  return (
    before.exact === after.exact &&
    before.masquerade === after.masquerade &&
    before.affinity === after.affinity &&
    before.assuming.join() === after.assuming.join()
  );
}

/** Further properties of an outcome, and whether they change: `masqueraded`, `now masqueraded`. */
export function outcomeNotes({ before, after }: OutcomePair): readonly string[] {
  const notes: string[] = [];
  const one = after ?? before;
  if (one === undefined) return notes;
  if (before !== undefined && after !== undefined && before.masquerade !== after.masquerade)
    notes.push(after.masquerade ? "now masqueraded" : "no longer masqueraded");
  else if (one.masquerade) notes.push("masqueraded");
  if (before !== undefined && after !== undefined && before.affinity !== after.affinity)
    notes.push(`affinity ${seconds(before.affinity)} -> ${seconds(after.affinity)}`);
  else if (one.affinity !== undefined) notes.push(`affinity ${seconds(one.affinity)}`);
  const doubts = new Set([...(before?.assuming ?? []), ...(after?.assuming ?? [])]);
  for (const doubt of doubts) notes.push(`assuming ${doubt}`);
  return notes;
}

function seconds(affinity: number | undefined): string {
  return affinity === undefined ? "none" : `${affinity} s`;
}
