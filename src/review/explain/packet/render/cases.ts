import type { ExplainedOutcome } from "../packet-explanation.ts";
import { assumptionWords } from "./result-words.ts";

/** Outcomes that depend on the same answers. */
export interface Case {
  readonly asked: readonly string[];
  readonly outcomes: readonly ExplainedOutcome[];
}

/** Outcomes by the answers they depend on. */
export function casesOf(outcomes: readonly ExplainedOutcome[]): readonly Case[] {
  const cases = new Map<string, { readonly asked: readonly string[]; readonly outcomes: ExplainedOutcome[] }>();
  for (const outcome of outcomes) {
    const asked = outcome.assuming.map(assumptionWords);
    const key = [...asked].sort().join("\n");
    const known = cases.get(key);
    if (known === undefined) cases.set(key, { asked, outcomes: [outcome] });
    else known.outcomes.push(outcome);
  }
  return [...cases.values()];
}

/** What a case depends on. */
export function conditionOf({ asked }: Case): string {
  return asked.length === 0 ? "whatever the answers" : `if ${asked.join(", and ")}`;
}
