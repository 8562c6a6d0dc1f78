import type { Sink } from "../../diagnostics/diagnostic.ts";
import { areRepeatable, conditionsOf, implies, isSteady, networkOf } from "../../languages/iptables/conditions.ts";
import { type Match, type Rule, targetEffects } from "../../languages/iptables/rule.ts";
import { type Cidr, parseCidr } from "../../model/address.ts";
import { ownChains } from "../../programs/registry.ts";
import { chainSubject, decidingChains, finalTarget, isVerdict, leadOf } from "./chain-graph.ts";
import type { CheckedChain, CheckedTable, PlacedRule, TextRule } from "./checked-host.ts";

/** Rules that no packet reaches, since an earlier rule of the chain matches all of their packets. */
export const ruleUnreachable: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const deciding = decidingChains(table);
    const isShared = [...table.chains.keys()].some(ownChains.isOwned);
    for (const chain of table.chains.values()) {
      for (const [taker, rules] of takenRules(table, chain, deciding))
        report({ table, chain, isShared }, taker, rules, sink);
    }
  }
};

/** A rule that may match all packets, with what happened in the chain before it. */
interface Taker {
  readonly placed: PlacedRule;
  readonly conditions: readonly Match[];
  /** How many earlier rules could change a mark or a set. */
  readonly changesBefore: number;
}

function takenRules(
  table: CheckedTable,
  chain: CheckedChain,
  deciding: ReadonlySet<string>,
): ReadonlyMap<Taker, readonly PlacedRule[]> {
  const earlier = createEarlierRules<Taker>();
  const taken = new Map<Taker, PlacedRule[]>();
  let changesBefore = 0;
  let takers = 0;
  const last = chain.rules.at(-1);
  for (const placed of chain.rules) {
    const { rule } = placed;
    // The last rule takes nothing from others, and the first that takes something has nothing taken.
    const takes = placed !== last && mayTake(rule, deciding) && areRepeatable(rule.matches);
    if (takers > 0 || takes) {
      const conditions = conditionsOf(rule.matches);
      const taker =
        takers > 0 ? takerOf(table, { placed, conditions, changesBefore }, candidates(earlier, conditions)) : undefined;
      if (taker !== undefined) {
        const rules = taken.get(taker);
        if (rules === undefined) taken.set(taker, [placed]);
        else rules.push(placed);
      } else if (takes) {
        addRule(earlier, conditions, { placed, conditions, changesBefore });
        takers += 1;
      }
    }
    if (mayChange(rule)) changesBefore += 1;
  }
  return taken;
}

function mayTake(rule: Rule, deciding: ReadonlySet<string>): boolean {
  const lead = leadOf(rule);
  if (lead !== undefined) return lead.isGoto || deciding.has(lead.chain);
  return isVerdict(rule) || rule.target.kind === "return";
}

/** Behind it a mark, a set or what conntrack says of the packet may be another. */
function mayChange({ target: { kind } }: Rule): boolean {
  return kind === "jump" || (kind !== "none" && targetEffects[kind] === "continues");
}

function takerOf(table: CheckedTable, late: Taker, candidates: Iterable<Taker>): Taker | undefined {
  for (const early of candidates) {
    // A jump changes state itself, before the later rule is evaluated.
    const isUnchanged = early.changesBefore === late.changesBefore;
    const takesAll = early.conditions.every(
      (condition) => (isUnchanged || isSteady(condition)) && implies(late.conditions, condition),
    );
    if (takesAll && endsFor(table, early.placed.rule, late)) return early;
  }
  return undefined;
}

/** A chain that gives the packets the same target does no harm: many programs accept known connections. */
function endsFor(table: CheckedTable, rule: Rule, { conditions, placed }: Taker): boolean {
  const lead = leadOf(rule);
  if (lead === undefined || lead.isGoto) return true;
  const target = finalTarget(table, lead.chain, conditions.filter(isSteady));
  return target !== undefined && JSON.stringify(target) !== JSON.stringify(placed.rule.target);
}

interface Where {
  readonly table: CheckedTable;
  readonly chain: CheckedChain;
  /** kube-proxy has chains in the table. */
  readonly isShared: boolean;
}

/**
 * A rule that only counts packets, or that has the same effect, is not reported. On a node, the rules of other programs
 * are theirs to judge: some write such rules on purpose.
 */
function report({ table, chain, isShared }: Where, taker: Taker, rules: readonly PlacedRule[], sink: Sink): void {
  const target = JSON.stringify(taker.placed.rule.target);
  const missed = rules.filter(({ rule }) => rule.target.kind !== "none" && JSON.stringify(rule.target) !== target);
  const [first] = missed;
  if (first === undefined) return;
  const others = missed.length - 1;
  const what = others === 0 ? "this rule" : `this rule and ${others} ${others === 1 ? "other" : "others"}`;
  const related = [{ message: "taken", place: taker.placed.place }];
  const isOwn =
    ownChains.isOwned(chain.name) || missed.some(({ rule }) => ownChains.isOwned(leadOf(rule)?.chain ?? ""));
  const code = isShared && !isOwn ? "foreign-rule-unreachable" : "rule-unreachable";
  sink.reporter(chainSubject(table, chain.name))(code, first.place, { rules: what }, { related });
}

/** Rules of a chain by their most selective condition, so that a chain of 20,000 rules does not take quadratic time. */
interface EarlierRules<T> {
  readonly byKey: Map<string, T[]>;
  /** The prefix lengths of networks among the keys. */
  readonly prefixes: Map<"source" | "destination", Set<number>>;
}

function createEarlierRules<T>(): EarlierRules<T> {
  return { byKey: new Map(), prefixes: new Map() };
}

const anywhere = "*";

/** Further rules under one key are not compared. */
const mostAlike = 200;

function addRule<T>(earlier: EarlierRules<T>, conditions: readonly Match[], rule: T): void {
  const side = (["destination", "source"] as const).find((kind) => rangeIn(conditions, kind) !== undefined);
  const range = side && rangeIn(conditions, side);
  const port = portIn(conditions);
  let key = port === undefined ? anywhere : `port ${port}`;
  if (side !== undefined && range !== undefined) {
    key = `${side} ${range.text}`;
    const known = earlier.prefixes.get(side);
    if (known === undefined) earlier.prefixes.set(side, new Set([range.prefix]));
    else known.add(range.prefix);
  }
  const list = earlier.byKey.get(key);
  if (list === undefined) earlier.byKey.set(key, [rule]);
  else if (list.length < mostAlike) list.push(rule);
}

/** The earlier rules that may match everything that meets these conditions. */
export function* candidates<T>({ byKey, prefixes }: EarlierRules<T>, conditions: readonly Match[]): Generator<T> {
  yield* byKey.get(anywhere) ?? [];
  const port = portIn(conditions);
  if (port !== undefined) yield* byKey.get(`port ${port}`) ?? [];
  for (const [side, lengths] of prefixes) {
    const range = rangeIn(conditions, side);
    if (range === undefined) continue;
    const address = range.text.slice(0, range.text.indexOf("/"));
    for (const length of lengths) {
      const around = length <= range.prefix ? parseCidr(`${address}/${length}`) : undefined;
      if (around !== undefined) yield* byKey.get(`${side} ${around.text}`) ?? [];
    }
  }
}

function rangeIn(conditions: readonly Match[], side: "source" | "destination"): Cidr | undefined {
  const match = conditions.find((condition) => condition.kind === side && !condition.negated);
  return match?.kind === side ? networkOf(match.range) : undefined;
}

function portIn(conditions: readonly Match[]): number | undefined {
  const match = conditions.find((condition) => condition.kind === "destination-port" && !condition.negated);
  const ports = match?.kind === "destination-port" ? match.ports : undefined;
  return ports !== undefined && ports.from === ports.to ? ports.from : undefined;
}
