import { networkOf } from "../../languages/iptables/conditions.ts";
import type { Match } from "../../languages/iptables/rule.ts";
import { type Cidr, parseCidr } from "../../model/address.ts";

/** Rules of a chain by their most selective condition, so that a chain of 20,000 rules does not take quadratic time. */
export interface EarlierRules<T> {
  readonly byKey: Map<string, T[]>;
  /** The prefix lengths of networks among the keys. */
  readonly prefixes: Map<"source" | "destination", Set<number>>;
}

export function createEarlierRules<T>(): EarlierRules<T> {
  return { byKey: new Map(), prefixes: new Map() };
}

const anywhere = "*";

/** Further rules under one key are not compared. */
const mostAlike = 200;

export function addRule<T>(earlier: EarlierRules<T>, conditions: readonly Match[], rule: T): void {
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
