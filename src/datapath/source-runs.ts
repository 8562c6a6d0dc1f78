import type { LoadedChain, PacketRule, Predicate } from "../ir/datapath.ts";
import {
  type AddressSet,
  complement,
  type Interval,
  intersect,
  parseAddressSet,
  subtract,
  unite,
} from "./address-set.ts";
import { indexOf, ruleAt, rulesFor } from "./chain-index.ts";

/**
 * Successive rules of a chain that each end a packet's way through it, and that ask the same of packets except for the
 * source. Such lists are long (blocked clients, say), and a packet of any source would be divided at each of them.
 */
export interface SourceRun {
  readonly rules: readonly SourceRule[];
}

interface SourceRule {
  readonly at: number;
  readonly rule: PacketRule;
  readonly sources: AddressSet;
  /** Equal for rules that ask the same, the source aside. */
  readonly asked: string;
}

/** A position of one rule, or a run. */
export type Step = number | SourceRun;

/** Shorter lists are walked rule by rule. */
const shortest = 32;

const steps = new WeakMap<LoadedChain, readonly Step[]>();

/** The rules that can match a packet to this address and port, in order, and perhaps some that cannot. */
export function stepsFor(chain: LoadedChain, address: string, port: number): readonly Step[] {
  if (chain.lines.length < shortest) return rulesFor(chain, address, port);
  const { byAddress, byPort, others } = indexOf(chain);
  let known = steps.get(chain);
  if (known === undefined) {
    known = stepsOf(chain, others);
    steps.set(chain, known);
  }
  const [exact = none, ported = none] = [byAddress.get(address), byPort.get(port)];
  return insertPositions(known, ported.length === 0 ? exact : [...exact, ...ported].sort((a, b) => a - b));
}

const none: readonly number[] = [];

/** The steps of a list of positions, in order. */
function stepsOf(chain: LoadedChain, positions: readonly number[]): readonly Step[] {
  const found: Step[] = [];
  let run: SourceRule[] = [];
  const finish = (): void => {
    if (run.length < shortest) for (const { at } of run) found.push(at);
    else found.push({ rules: run });
    run = [];
  };
  for (const at of positions) {
    const rule = sourceRuleOf(ruleAt(chain, at), at);
    if (run.length > 0 && rule?.asked !== run[0]?.asked) finish();
    if (rule === undefined) found.push(at);
    else run.push(rule);
  }
  finish();
  return found;
}

/** Predicates whose result is the same for packets of every source. */
const sourceless: ReadonlySet<Predicate["kind"]> = new Set([
  "protocol",
  "port-in",
  "icmp-type",
  "interface",
  "connection-state",
  "mark",
  "tcp-flags",
  "never",
] as const);

function sourceRuleOf(rule: PacketRule, at: number): SourceRule | undefined {
  const { action, predicates } = rule;
  if (action.kind !== "verdict" && action.kind !== "reject") return undefined;
  const [source, second] = predicates.filter(isOfSource);
  if (source === undefined || second !== undefined) return undefined;
  const others = predicates.filter((each) => each !== source);
  const [sets, known] = [source.ranges.length, source.ranges.flatMap((range) => parseAddressSet(range) ?? [])];
  const bits = known[0]?.bits;
  if (bits === undefined || known.length < sets || known.some((set) => set.bits !== bits)) return undefined;
  if (!others.every(({ kind }) => sourceless.has(kind))) return undefined;
  const [only] = known;
  const matched = known.length === 1 && only !== undefined ? only : unite(known, bits);
  const asked = `${bits}${others.map(({ negated, text }) => `${negated ? " !" : ""} ${text}`).join("")}`;
  return { at, rule, sources: source.negated ? complement(matched) : matched, asked };
}

function isOfSource(predicate: Predicate): predicate is Extract<Predicate, { kind: "address-in" }> {
  return predicate.kind === "address-in" && predicate.side === "source";
}

/** What the rules of a run ask besides the source. */
export function askedBy({ rules }: SourceRun): readonly Predicate[] {
  return rules[0]?.rule.predicates.filter((each) => !isOfSource(each)) ?? [];
}

/** The same steps with other positions of the chain among them; both in order. A run that one stands in is divided. */
function insertPositions(among: readonly Step[], positions: readonly number[]): readonly Step[] {
  if (positions.length === 0) return among;
  const found: Step[] = [];
  let next = 0;
  const insertBefore = (end: number): void => {
    for (let at = positions[next]; at !== undefined && at < end; at = positions[next]) {
      found.push(at);
      next += 1;
    }
  };
  const enter = (step: Step): void => {
    const [first, last] = typeof step === "number" ? [step, step] : boundsOf(step);
    insertBefore(first);
    if (typeof step === "number" || (positions[next] ?? last) >= last) found.push(step);
    else for (const half of halvesOf(step)) enter(half);
  };
  for (const step of among) enter(step);
  insertBefore(Number.POSITIVE_INFINITY);
  return found;
}

function boundsOf({ rules }: SourceRun): readonly [number, number] {
  return [rules[0]?.at ?? 0, rules.at(-1)?.at ?? 0];
}

const halves = new WeakMap<SourceRun, readonly Step[]>();

/** Kept, so that the answers of a part are found once, wherever other rules stand between them. */
function halvesOf(run: SourceRun): readonly Step[] {
  const known = halves.get(run);
  if (known !== undefined) return known;
  const { rules } = run;
  const middle = rules.length >> 1;
  const parts =
    rules.length < shortest
      ? rules.map(({ at }) => at)
      : [{ rules: rules.slice(0, middle) }, { rules: rules.slice(middle) }];
  halves.set(run, parts);
  return parts;
}

/** A part of the sources, and the rule that they meet. */
export interface Decided {
  readonly sources: AddressSet;
  /** The first of the rules, where several do the same with them. */
  readonly at: number;
  readonly rule: PacketRule;
}

/** Divides sources by the first rule of a run that matches them; `rest` meets none. */
export function divideSources(
  run: SourceRun,
  sources: AddressSet,
): { readonly decided: readonly Decided[]; readonly rest: AddressSet } {
  const answers = answersOf(run);
  const decided = answers.flatMap((answer): readonly Decided[] => {
    if (answer.sources.bits !== sources.bits) return [];
    const hit = intersect(sources, answer.sources);
    if (hit.intervals.length === 0) return [];
    return [{ sources: hit, ...firstRule(answer, hit) }];
  });
  let rest = sources;
  for (const { sources: hit } of decided) rest = subtract(rest, hit);
  return { decided, rest };
}

/** All rules of a run that do the same, and the sources that meet one of them first. */
interface Answer {
  readonly sources: AddressSet;
  readonly pieces: readonly Piece[];
}

/** Sources that meet one rule. */
interface Piece extends Interval {
  readonly by: SourceRule;
}

function firstRule({ pieces }: Answer, hit: AddressSet): Pick<Decided, "at" | "rule"> {
  let first: SourceRule | undefined;
  let next = 0;
  for (const { from, to, by } of pieces) {
    while (next < hit.intervals.length && (hit.intervals[next] as Interval).to < from) next += 1;
    const interval = hit.intervals[next];
    if (interval === undefined) break;
    if (interval.from <= to && (first === undefined || by.at < first.at)) first = by;
  }
  const { at, rule } = first as SourceRule;
  return { at, rule };
}

const answersKnown = new WeakMap<SourceRun, readonly Answer[]>();

function answersOf(run: SourceRun): readonly Answer[] {
  const known = answersKnown.get(run);
  if (known !== undefined) return known;
  const { bits } = (run.rules[0] as SourceRule).sources;
  const byAction = new Map<string, Piece[]>();
  for (const piece of piecesOf(run.rules)) {
    const { action } = piece.by.rule;
    const key = action.kind === "verdict" ? action.verdict : action.kind === "reject" ? `reject ${action.with}` : "";
    const pieces = byAction.get(key);
    if (pieces === undefined) byAction.set(key, [piece]);
    else pieces.push(piece);
  }
  const answers = [...byAction.values()].map((pieces) => ({
    sources: unite([{ bits, intervals: pieces }], bits),
    pieces,
  }));
  answersKnown.set(run, answers);
  return answers;
}

/** Sorted, without overlaps: of rules that match one source, the first has it. */
function piecesOf(rules: readonly SourceRule[]): readonly Piece[] {
  const all = rules
    .flatMap((by) => by.sources.intervals.map(({ from, to }): Piece => ({ from, to, by })))
    .sort(byStart);
  const overlaps = all.some(({ to }, at) => to >= (all[at + 1]?.from ?? to + 1n));
  if (!overlaps || rules.length < 2) return all;
  const middle = rules.length >> 1;
  const [first, second] = [piecesOf(rules.slice(0, middle)), piecesOf(rules.slice(middle))];
  return [...first, ...outside(second, first)].sort(byStart);
}

function byStart(a: Interval, b: Interval): number {
  return a.from < b.from ? -1 : a.from > b.from ? 1 : 0;
}

/** The parts of some pieces that are outside of others; both sorted. */
function outside(pieces: readonly Piece[], others: readonly Piece[]): readonly Piece[] {
  const rest: Piece[] = [];
  let at = 0;
  for (const { from, to, by } of pieces) {
    let start = from;
    for (let other = others[at]; other !== undefined && other.from <= to; other = others[at]) {
      if (start < other.from) rest.push({ from: start, to: other.from - 1n, by });
      if (start <= other.to) start = other.to + 1n;
      if (other.to > to) break;
      at += 1;
    }
    if (start <= to) rest.push({ from: start, to, by });
  }
  return rest;
}
