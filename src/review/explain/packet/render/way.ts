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

/** Puts the hops of outcomes together, from one of them on. */
export function joinWays(outcomes: readonly ExplainedOutcome[], from = 0): Way {
  const [first, ...others] = outcomes;
  if (first === undefined) return { hops: [], groups: [] };
  const shared = others.length === 0 ? first.hops.length : countShared(outcomes);
  const groups = new Map<string, { readonly ends: End[]; readonly tail: readonly ExplainedHop[] }>();
  for (const outcome of outcomes) {
    const rest = outcome.hops.slice(shared);
    const sent = rest.findLastIndex(isSending);
    const tail = rest.slice(sent + 1);
    const key = [outcome.verdict, ...tail.map(keyOf)].join("\n");
    const end = { outcome, lead: rest.slice(0, sent + 1) };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ends: [end], tail });
    else group.ends.push(end);
  }
  return { hops: first.hops.slice(from, shared), groups: [...groups.values()] };
}

/** How many hops all of them begin with. */
export function countShared([first, ...others]: readonly ExplainedOutcome[]): number {
  let shared = 0;
  const hops = first?.hops ?? [];
  while (shared < hops.length && others.every((other) => isSame(other.hops[shared], hops[shared]))) shared += 1;
  return shared;
}

/** Whether a hop gives the packet another destination. */
export function isSending({ goesTo }: ExplainedHop): boolean {
  return goesTo !== undefined && /:\d+$/.test(goesTo);
}

function isSame(one: ExplainedHop | undefined, other: ExplainedHop | undefined): boolean {
  return one !== undefined && other !== undefined && keyOf(one) === keyOf(other);
}

function keyOf({ table, chain, rule, text, goesTo = "" }: ExplainedHop): string {
  return `${table} ${chain} ${rule} ${table === "ipvs" ? goesTo : ""} ${text}`;
}
