import type { PacketRule, Predicate } from "../ir/datapath.ts";
import { subtract } from "./address-set.ts";
import { type ChainExit, type Flow, questionOf } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { matchPacket } from "./match-packet.ts";
import type { Matched } from "./matched.ts";
import { everything, isNothing, minus, type Share, times } from "./share.ts";

export interface SplitFlow {
  readonly hit: Flow | undefined;
  /** The packets that continue at the next rule. */
  readonly missed: readonly Flow[];
  /** The fraction of the packets that matched, where a random match decided. */
  readonly chance: Share | undefined;
}

/**
 * Divides a flow into the packets that a rule matches and those that it does not, match by match, as the kernel does.
 */
export function splitFlow(rule: Pick<PacketRule, "predicates">, flow: Flow, host: EvaluatedHost): SplitFlow {
  const missed: Flow[] = [];
  let hit = flow;
  let chance: Share | undefined;
  for (const predicate of rule.predicates) {
    const matched = known(matchPacket(predicate, hit, host), hit, isFickle(predicate));
    if (matched.kind === "all") hit = noteAffinity(predicate, hit);
    else if (matched.kind === "none")
      return { hit: undefined, missed: [...missed, noteAffinity(predicate, hit)], chance };
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

/** A question that was answered before for this packet keeps its answer. */
function known(matched: Matched, flow: Flow, isAskedAnew: boolean): Matched {
  if (matched.kind !== "unknown") return matched;
  let what = questionOf(matched.what, flow);
  const asked = () => flow.assumptions.find((assumption) => assumption.what === what);
  while (isAskedAnew && asked() !== undefined) what += ", asked again";
  const before = asked();
  return before === undefined ? { ...matched, what } : { kind: before.holds === matched.answer ? "all" : "none" };
}

function isFickle(predicate: Predicate): boolean {
  return predicate.kind === "unknown" && predicate.isFickle;
}

/** Records lists that enter the client or would find it. `! set` enters it as well. */
function noteAffinity(predicate: Predicate, flow: Flow): Flow {
  if (predicate.kind !== "recent") return flow;
  const { action, list, negated, seconds } = predicate;
  if (action === "set") return { ...flow, remembers: [...flow.remembers, list] };
  if (negated || seconds === undefined) return flow;
  return { ...flow, asked: new Map([...flow.asked, [list, seconds]]) };
}

/** The flows after a rule: those that continue at the next rule, and those that left the chain. */
export interface Ways {
  readonly next: Flow[];
  readonly exits: ChainExit[];
}

/** An unknown action may end the path or not: the flow is split in two, each part with its assumption. */
export function forkOnUnknown(what: string, flow: Flow, { next, exits }: Ways): void {
  const question = questionOf(`${what} lets the packet go on`, flow);
  const known = flow.assumptions.find((assumption) => assumption.what === question);
  if (known === undefined || known.holds) next.push(assume(flow, question, true));
  if (known === undefined || !known.holds) exits.push({ flow: assume(flow, question, false), how: "unknown" });
}

/** The same where a whole chain cannot be evaluated. */
export function forkOnUnknownChain(what: string, flow: Flow): readonly ChainExit[] {
  const ways: Ways = { next: [], exits: [] };
  forkOnUnknown(what, flow, ways);
  return [...ways.exits, ...ways.next.map((each): ChainExit => ({ flow: each, how: "fall-through" }))];
}

function assume(flow: Flow, what: string, holds: boolean): Flow {
  if (flow.assumptions.some((assumption) => assumption.what === what)) return flow;
  return { ...flow, assumptions: [...flow.assumptions, { what, holds }] };
}
