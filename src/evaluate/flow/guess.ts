import { type Flow, type Left, questionOf } from "./flow.ts";

/** It may end the packet's way or let it go on: both are told, each with what it depends on. */
export function guess(what: string, flow: Flow, next: Flow[], left: Left[]): void {
  const question = questionOf(`${what} lets the packet go on`, flow);
  const known = flow.assumptions.find((assumption) => assumption.what === question);
  if (known === undefined || known.holds) next.push(assume(flow, question, true));
  if (known === undefined || !known.holds) left.push({ flow: assume(flow, question, false), how: "dropped" });
}

/** The same where a whole chain cannot be followed. */
export function guessed(what: string, flow: Flow): readonly Left[] {
  const next: Flow[] = [];
  const left: Left[] = [];
  guess(what, flow, next, left);
  return [...left, ...next.map((each): Left => ({ flow: each, how: "fell" }))];
}

function assume(flow: Flow, what: string, holds: boolean): Flow {
  if (flow.assumptions.some((assumption) => assumption.what === what)) return flow;
  return { ...flow, assumptions: [...flow.assumptions, { what, holds }] };
}
