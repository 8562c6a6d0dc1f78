import {
  type Action,
  type ActionStep,
  type Elements,
  fileOf,
  type LoadedChain,
  type PacketRule,
  type ShareOut,
  type Stage,
} from "../ir/datapath.ts";
import { isEmpty } from "./address-set.ts";
import { applyAction } from "./apply-action.ts";
import { ruleAt } from "./chain-index.ts";
import { elementsFor } from "./elements.ts";
import { addHop, type ChainExit, describeHop, type Flow, mergeFlows, withoutIdleHop } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { familyOf, matchPacket } from "./match-packet.ts";
import type { Hop } from "./packet.ts";
import { type Share, share, times } from "./share.ts";
import { askedBy, divideSources, type SourceRun, type Step, stepsFor } from "./source-runs.ts";
import { forkOnUnknown, forkOnUnknownChain, splitFlow, type Ways } from "./split-flow.ts";

/** Deeper calls are not evaluated: the outcome then depends on an assumption about the last chain. */
const deepest = 256;

/** The same for more paths through one chain than this, */
const mostWays = 4096;

/** or more rules on all paths through a base chain. */
const mostRules = 1_000_000;

/** A path through the chains of one stage. */
export interface Traversal {
  readonly stage: Stage;
  readonly chains: ReadonlyMap<string, LoadedChain>;
  readonly host: EvaluatedHost;
  /** The chains on the call stack, the last one first. */
  readonly path: Path | undefined;
  /** The number of rules that may still be evaluated. */
  readonly budget: { left: number };
}

interface Path {
  readonly name: string;
  readonly depth: number;
  readonly before: Path | undefined;
}

/** Walks a flow through the base chain of a stage. A flow that falls through gets the chain's policy. */
export function walkBaseChain(stage: Stage, flow: Flow, host: EvaluatedHost): readonly ChainExit[] {
  const { table, chain: name } = stage.entry;
  const chains = host.families[familyOf(flow)].tables.get(table);
  const chain = chains?.get(name);
  if (chains === undefined || chain === undefined) return [{ flow, how: "accepted" }];
  const traversal: Traversal = { stage, chains, host, path: undefined, budget: { left: mostRules } };
  return walkChain(traversal, chain, flow).map((exit) => {
    if (exit.how !== "fall-through") return exit;
    if (chain.policy?.toUpperCase() !== "DROP") return { ...exit, how: "accepted" };
    const hop: Hop = { kind: "policy", table, chain: name, policy: chain.policy };
    return { flow: addHop(exit.flow, hop), how: "dropped" };
  });
}

function walkChain(outer: Traversal, chain: LoadedChain, flow: Flow): readonly ChainExit[] {
  const { name } = chain;
  // The kernel rejects loops when rules are loaded, but text can contain them.
  if (leadsHere(outer.path, name)) return forkOnUnknownChain(`the loop at chain ${name}`, flow);
  const depth = (outer.path?.depth ?? 0) + 1;
  if (depth > deepest) return forkOnUnknownChain(`chain ${name}, ${depth} deep,`, flow);
  const traversal = { ...outer, path: { name, depth, before: outer.path } };
  const exits: ChainExit[] = [];
  let waiting: readonly Flow[] = [flow];
  for (const step of stepsFor(chain, flow.destination, flow.port)) {
    if (waiting.length === 0) break;
    const next: Flow[] = [];
    for (const each of waiting) takeStep(traversal, { chain, step }, each, { next, exits });
    traversal.budget.left -= waiting.length;
    // Where the rule did nothing there is nothing new to merge.
    const isSame = next.length === waiting.length && next.every((each, place) => each === waiting[place]);
    waiting = isSame || next.length < 2 ? next : mergeFlows(next);
    if (waiting.length + exits.length > mostWays || traversal.budget.left < 0)
      return forkOnUnknownChain(`chain ${name}, with too many ways through it,`, flow);
  }
  for (const each of waiting) exits.push({ flow: each, how: "fall-through" });
  return exits;
}

function leadsHere(path: Path | undefined, name: string): boolean {
  for (let each = path; each !== undefined; each = each.before) if (each.name === name) return true;
  return false;
}

interface PlacedStep {
  readonly chain: LoadedChain;
  readonly step: Step;
}

function takeStep(traversal: Traversal, { chain, step }: PlacedStep, flow: Flow, ways: Ways): void {
  if (typeof step === "number") walkRule(traversal, { chain, at: step, rule: ruleAt(chain, step) }, flow, ways);
  else walkRun(traversal, { chain, run: step }, flow, ways);
}

interface PlacedRun {
  readonly chain: LoadedChain;
  readonly run: SourceRun;
}

/** Divides a flow by all rules of a run at once. Where the text does not show what they ask, it is walked rule by rule. */
function walkRun(traversal: Traversal, { chain, run }: PlacedRun, flow: Flow, ways: Ways): void {
  const answers = askedBy(run).map((predicate) => matchPacket(predicate, flow, traversal.host).kind);
  if (answers.includes("none")) {
    ways.next.push(flow);
    return;
  }
  if (answers.some((kind) => kind !== "all")) {
    walkRules(traversal, { chain, run }, flow, ways);
    return;
  }
  const { decided, rest } = divideSources(run, flow.sources);
  for (const { at, rule, sources } of decided) meet(traversal, { chain, at, rule }, { ...flow, sources }, ways);
  if (decided.length === 0) ways.next.push(flow);
  else if (!isEmpty(rest)) ways.next.push({ ...flow, sources: rest });
}

function walkRules(traversal: Traversal, { chain, run }: PlacedRun, flow: Flow, ways: Ways): void {
  let waiting: readonly Flow[] = [flow];
  for (const { at, rule } of run.rules) {
    const next: Flow[] = [];
    for (const each of waiting) walkRule(traversal, { chain, at, rule }, each, { next, exits: ways.exits });
    waiting = next.length < 2 ? next : mergeFlows(next);
  }
  for (const each of waiting) ways.next.push(each);
}

interface PlacedRule {
  readonly chain: LoadedChain;
  readonly at: number;
  readonly rule: PacketRule;
  /** The fraction of the packets that the rule matched, where that is decided at random. */
  readonly chance?: Share | undefined;
}

function walkRule(traversal: Traversal, placed: PlacedRule, flow: Flow, ways: Ways): void {
  const { rule, chain, at } = placed;
  if (isIdle(rule)) {
    ways.next.push(flow);
    return;
  }
  const { hit, missed, chance } = splitFlow(rule, flow, traversal.host);
  for (const each of missed) ways.next.push(each);
  if (hit !== undefined) meet(traversal, { rule, chain, at, chance }, hit, ways);
}

/** What the action of a rule does with a flow that the rule matches. */
function meet(traversal: Traversal, { rule, chain, at, chance }: PlacedRule, flow: Flow, ways: Ways): void {
  const { table } = traversal.stage.entry;
  const hop: Hop = { kind: "rule", table, chain: chain.name, number: at + 1, rule, file: fileOf(chain, at), chance };
  take(traversal, rule, addHop(flow, hop), ways);
}

/** The rule has no effect on any packet. */
function isIdle({ action, predicates }: PacketRule): boolean {
  return action.kind === "continue" && !predicates.some(({ kind }) => kind === "recent");
}

function take(traversal: Traversal, { action }: Pick<PacketRule, "action">, flow: Flow, ways: Ways): void {
  switch (action.kind) {
    case "jump":
      if (action.isOptional && !traversal.chains.has(action.chain)) ways.next.push(flow);
      else call(traversal, action, flow, ways);
      return;
    case "goto": {
      const returned: Flow[] = [];
      call(traversal, action, flow, { next: returned, exits: ways.exits });
      for (const each of returned) ways.exits.push({ flow: each, how: "fall-through" });
      return;
    }
    case "sequence":
      takeSteps(traversal, action.steps, flow, ways);
      return;
    case "by-element":
      takeElement(traversal, action.elements, flow, ways);
      return;
    case "share-out":
      takeChoices(traversal, action, flow, ways);
      return;
    default:
      applyAction(action, flow, { stage: traversal.stage, host: traversal.host }, ways);
  }
}

/** A verdict ends the steps: what returns from a chain that is called goes on behind the rule. */
function takeSteps(traversal: Traversal, steps: readonly ActionStep[], flow: Flow, ways: Ways): void {
  let flows: readonly Flow[] = [flow];
  for (const step of steps) {
    const next: Flow[] = [];
    for (const each of flows) {
      if (step.kind === "match") {
        const { hit, missed } = splitFlow(step, each, traversal.host);
        ways.next.push(...missed);
        if (hit !== undefined) next.push(hit);
      } else if (isVerdict(step)) take(traversal, { action: step }, each, ways);
      else take(traversal, { action: step }, each, { next, exits: ways.exits });
    }
    flows = next;
  }
  ways.next.push(...flows);
}

function isVerdict({ kind }: Action): boolean {
  return kind === "jump" || kind === "by-element" || kind === "share-out";
}

/** The elements of a map do not overlap: what one of them does not match may match another. */
function takeElement(traversal: Traversal, elements: Elements, flow: Flow, ways: Ways): void {
  let flows: readonly Flow[] = [flow];
  for (const { predicates, action, text: element } of elementsFor(elements, flow)) {
    const rest: Flow[] = [];
    for (const each of flows) {
      const { hit, missed } = splitFlow({ predicates }, each, traversal.host);
      rest.push(...missed);
      if (hit !== undefined && action !== undefined) take(traversal, { action }, describeHop(hit, { element }), ways);
    }
    flows = rest;
  }
  // A rule without an element for the packet did nothing.
  ways.next.push(...flows.map((each) => withoutIdleHop(each, elements)));
}

const schedulingBy = { random: undefined, turn: undefined, source: "by source", unknown: "dynamic" } as const;

function takeChoices(traversal: Traversal, { of, by, choices }: ShareOut, flow: Flow, ways: Ways): void {
  const scheduling = schedulingBy[by];
  let left = of;
  for (const { from, to, text: element, action } of choices) {
    const part = share(to - from + 1, of);
    left -= to - from + 1;
    const chosen = { ...flow, share: times(flow.share, part), scheduling: scheduling ?? flow.scheduling };
    take(traversal, { action }, describeHop(chosen, { element, chance: part }), ways);
  }
  if (left > 0) ways.next.push({ ...flow, share: times(flow.share, share(left, of)) });
}

type Call = Pick<Extract<Action, { readonly kind: "jump" | "goto" }>, "kind" | "chain">;

/** Calls another chain; a flow that falls through it continues behind the calling rule. */
function call(traversal: Traversal, { kind, chain: name }: Call, flow: Flow, ways: Ways): void {
  const chain = traversal.chains.get(name);
  if (chain === undefined) {
    forkOnUnknown(`${kind === "jump" ? "-j" : "-g"} ${name}`, flow, ways);
    return;
  }
  for (const exit of walkChain(traversal, chain, flow)) {
    if (exit.how === "fall-through") ways.next.push(exit.flow);
    else ways.exits.push(exit);
  }
}
