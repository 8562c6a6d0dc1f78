import type { Assumption, Outcome } from "../../datapath/packet.ts";
import { printFraction } from "../../datapath/share.ts";

/**
 * Drops assumptions that make no difference: two outcomes that differ in one answer only become one outcome without it.
 * Foreign chains of real hosts cause many.
 */
export function foldOutcomes(outcomes: readonly Outcome[]): readonly Outcome[] {
  let folded = outcomes;
  for (;;) {
    const next = foldOnce(folded);
    if (next.length === folded.length) return next;
    folded = next;
  }
}

function foldOnce(outcomes: readonly Outcome[]): readonly Outcome[] {
  const left = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    const twin = twinKeys(outcome).find(({ key }) => left.has(key));
    const other = twin && left.get(twin.key);
    if (twin === undefined || other === undefined) {
      left.set(freeKey(keyOf(outcome, outcome.assumptions), left), outcome);
      continue;
    }
    left.delete(twin.key);
    const shorter = other.hops.length <= outcome.hops.length ? other : outcome;
    const merged = { ...shorter, assumptions: outcome.assumptions.filter(({ what }) => what !== twin.what) };
    left.set(freeKey(keyOf(merged, merged.assumptions), left), merged);
  }
  return [...left.values()];
}

/** Two random paths to the same destination are two outcomes. */
function freeKey(key: string, taken: ReadonlyMap<string, Outcome>): string {
  let free = key;
  while (taken.has(free)) free += "+";
  return free;
}

function twinKeys(outcome: Outcome): readonly { readonly key: string; readonly what: string }[] {
  const { assumptions } = outcome;
  return assumptions.map((asked) => ({
    key: keyOf(
      outcome,
      assumptions.map((each) => (each === asked ? { ...each, holds: !each.holds } : each)),
    ),
    what: asked.what,
  }));
}

function keyOf(
  { share, verdict, masqueraded, newSource, affinity, scheduling }: Outcome,
  answers: readonly Assumption[],
): string {
  const asked = answers.map(({ what, holds }) => `${holds} ${what}`).sort();
  return JSON.stringify([printFraction(share), verdict, masqueraded, newSource, affinity, scheduling, asked]);
}
