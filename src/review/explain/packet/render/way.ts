import type { ExplainedHop, ExplainedOutcome } from "../packet-explanation.ts";

/** The ways of several outcomes as one: what they share, then what is each one's own. */
export interface Way {
  /** Common to all. */
  readonly hops: readonly ExplainedHop[];
  /** One group of one end: there is no fork. */
  readonly groups: readonly EndGroup[];
}

/** Ends that are alike behind the rules that chose them. */
export interface EndGroup {
  readonly ends: readonly End[];
  readonly tail: readonly ExplainedHop[];
}

export interface End {
  readonly outcome: ExplainedOutcome;
  /** From the rule that chose it to the one that sends it on. */
  readonly lead: readonly ExplainedHop[];
}

/** Puts the hops of outcomes together. */
export function joinWays(outcomes: readonly ExplainedOutcome[]): Way {
  const [first, ...others] = outcomes;
  if (first === undefined) return { hops: [], groups: [] };
  if (others.length === 0) return { hops: first.hops, groups: [{ ends: [{ outcome: first, lead: [] }], tail: [] }] };
  let shared = 0;
  while (shared < first.hops.length && others.every(({ hops }) => isSame(hops[shared], first.hops[shared]))) shared++;
  const groups = new Map<string, { readonly ends: End[]; readonly tail: readonly ExplainedHop[] }>();
  for (const outcome of outcomes) {
    const rest = outcome.hops.slice(shared);
    const sent = rest.findIndex(({ goesTo }) => goesTo !== undefined && goesTo === outcome.destination);
    const tail = rest.slice(sent + 1);
    const key = tail.map(keyOf).join("\n");
    const end = { outcome, lead: rest.slice(0, sent + 1) };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ends: [end], tail });
    else group.ends.push(end);
  }
  return { hops: first.hops.slice(0, shared), groups: [...groups.values()] };
}

function isSame(one: ExplainedHop | undefined, other: ExplainedHop | undefined): boolean {
  return one !== undefined && other !== undefined && keyOf(one) === keyOf(other);
}

function keyOf({ table, chain, rule, text, goesTo = "" }: ExplainedHop): string {
  return `${table} ${chain} ${rule} ${table === "ipvs" ? goesTo : ""} ${text}`;
}
