import type { Match, Rule } from "../languages/iptables/rule.ts";
import { subtract } from "./address-set.ts";
import { type Flow, type Left, questionOf } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { type Matched, matchPacket } from "./match-packet.ts";
import { everything, isNothing, minus, type Share, times } from "./share.ts";

export interface SplitFlow {
  readonly hit: Flow | undefined;
  /** Those that go on to the next rule. */
  readonly missed: readonly Flow[];
  /** Of the packets that came, if chance decided. */
  readonly chance: Share | undefined;
}

/** Divides a flow into the packets a rule takes and those it does not, match by match, as the kernel asks them. */
export function splitFlow(rule: Rule, flow: Flow, host: EvaluatedHost): SplitFlow {
  const missed: Flow[] = [];
  let hit = flow;
  let chance: Share | undefined;
  for (const match of rule.matches) {
    const matched = known(matchPacket(match, hit, host), hit);
    if (matched.kind === "all") hit = noteAffinity(match, hit);
    else if (matched.kind === "none") return { hit: undefined, missed: [...missed, noteAffinity(match, hit)], chance };
    else if (matched.kind === "share") {
      const rest = minus(everything, matched.share);
      if (isNothing(matched.share)) return { hit: undefined, missed: [...missed, hit], chance };
      if (!isNothing(rest)) missed.push({ ...hit, share: times(hit.share, rest) });
      chance = chance === undefined ? matched.share : times(chance, matched.share);
      hit = { ...hit, share: times(hit.share, matched.share) };
    } else if (matched.kind === "sources") {
      missed.push({ ...hit, sources: subtract(hit.sources, matched.sources) });
      hit = { ...hit, sources: matched.sources };
    } else {
      missed.push({ ...hit, assumptions: [...hit.assumptions, { what: matched.what, holds: !matched.answer }] });
      hit = { ...hit, assumptions: [...hit.assumptions, { what: matched.what, holds: matched.answer }] };
    }
  }
  return { hit, missed, chance };
}

/** A question that was asked of this packet before has its answer. */
function known(matched: Matched, flow: Flow): Matched {
  if (matched.kind !== "unknown") return matched;
  let what = questionOf(matched.what, flow);
  const asked = () => flow.assumptions.find((assumption) => assumption.what === what);
  while (fickle.test(what) && asked() !== undefined) what += ", asked again";
  const before = asked();
  return before === undefined ? { ...matched, what } : { kind: before.holds === matched.answer ? "all" : "none" };
}

/** Each rule counts for itself, or all count together: one answer says nothing of the next. */
const fickle = /^-m (?:limit|hashlimit|quota|statistic|connlimit|connbytes|rateest) /;

/** What `-m recent` notes of the client, and what it would have found. `! --set` enters it, too. */
function noteAffinity(match: Match, flow: Flow): Flow {
  if (match.kind !== "recent") return flow;
  if (match.action === "set") return { ...flow, remembers: [...flow.remembers, match.name] };
  if (match.negated) return flow;
  if (match.seconds === undefined) return flow;
  return { ...flow, asked: new Map([...flow.asked, [match.name, match.seconds]]) };
}

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
