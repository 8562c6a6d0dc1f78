import type { AddressSet } from "../../../src/datapath/address-set.ts";
import type { Outcome } from "../../../src/datapath/packet.ts";
import type { Answered } from "./every-answer.ts";
import { fraction } from "./every-run.ts";

/** What the evaluator says of one source and one set of answers, in the words of the naive evaluator. */
export function endsOf(
  outcomes: readonly Outcome[],
  source: bigint,
  answers: ReadonlyMap<string, boolean>,
): ReadonlyMap<string, string> {
  const shares = new Map<string, readonly [bigint, bigint]>();
  for (const outcome of outcomes) {
    if (!holds(outcome.sources, source)) continue;
    // A question that no way of this source asks does not matter to it.
    if (!outcome.assumptions.every(({ what, holds }) => (answers.get(what) ?? true) === holds)) continue;
    const { numerator, denominator } = outcome.share;
    const [before, under] = shares.get(nameOf(outcome)) ?? [0n, 1n];
    shares.set(nameOf(outcome), [before * denominator + numerator * under, under * denominator]);
  }
  const ends = [...shares].filter(([, [numerator]]) => numerator !== 0n);
  return new Map(ends.map(([end, [numerator, denominator]]) => [end, fraction(numerator, denominator)]));
}

function holds({ intervals }: AddressSet, source: bigint): boolean {
  return intervals.some(({ from, to }) => from <= source && source <= to);
}

function nameOf({ verdict, masqueraded, remembers }: Outcome): string {
  const names = [...new Set(remembers)].sort();
  const to = verdict.kind === "delivered" ? `${verdict.target.address} ${verdict.target.port}` : verdict.kind;
  return [masqueraded ? `${to} masqueraded` : to, ...names].join(" +");
}

/** What is wrong with what the evaluator says of one source; undefined when every answer leads where it should. */
export function difference(
  outcomes: readonly Outcome[],
  source: bigint,
  answered: readonly Answered[],
): string | undefined {
  for (const { answers, ends } of answered) {
    const said = endsOf(outcomes, source, answers);
    if (print(said) !== print(ends))
      return `source ${source}, answers ${print(answers)}: said ${print(said)}, is ${print(ends)}`;
  }
  return undefined;
}

function print(map: ReadonlyMap<string, string | boolean>): string {
  return [...map]
    .map(([key, value]) => `${key}: ${value}`)
    .sort()
    .join("; ");
}
