import { createSubject, type Subject } from "../../diagnostics/diagnostic.ts";
import { conditionsOf, implies } from "../../languages/iptables/conditions.ts";
import { type Match, type Rule, targetEffects } from "../../languages/iptables/rule.ts";
import { builtInChains } from "../../languages/iptables/rule-lines.ts";
import type { CheckedTable } from "./checked-host.ts";

/** The chain that a rule calls; `isGoto`: without return. */
export interface Lead {
  readonly chain: string;
  readonly isGoto: boolean;
}

export function leadOf({ target }: Rule): Lead | undefined {
  if (target.kind === "jump") return { chain: target.chain, isGoto: false };
  return target.kind === "goto" ? { chain: target.chain, isGoto: true } : undefined;
}

/** What calls what in a table: found once, since many rules about text ask. */
interface Calls {
  /** The chains that a chain calls, those that do not exist among them; each once. */
  readonly called: ReadonlyMap<string, readonly string[]>;
  /** Chains with a rule that ends a packet's path through the table. */
  readonly ending: readonly string[];
  readonly reached: Map<string, ReadonlySet<string>>;
}

const callsKnown = new WeakMap<CheckedTable, Calls>();

function callsOf(table: CheckedTable): Calls {
  const known = callsKnown.get(table);
  if (known !== undefined) return known;
  const called = new Map<string, readonly string[]>();
  const ending: string[] = [];
  for (const { name, rules } of table.chains.values()) {
    const chains: string[] = [];
    let ends = false;
    for (const { rule } of rules) {
      const { target } = rule;
      if (target.kind === "jump" || target.kind === "goto") chains.push(target.chain);
      ends ||= isVerdict(rule);
    }
    if (chains.length > 0) called.set(name, chains.length === 1 ? chains : [...new Set(chains)]);
    if (ends) ending.push(name);
  }
  const calls = { called, ending, reached: new Map() };
  callsKnown.set(table, calls);
  return calls;
}

/** The chains that a chain calls, each once. */
export function chainsCalledBy(table: CheckedTable, name: string): readonly string[] {
  return callsOf(table).called.get(name) ?? [];
}

/** Every chain that some rule calls, those that do not exist among them. */
export function calledChains(table: CheckedTable): ReadonlySet<string> {
  const found = new Set<string>();
  for (const chains of callsOf(table).called.values()) for (const chain of chains) found.add(chain);
  return found;
}

/** The chains that can be reached from a built-in chain, including itself. */
export function reachableFrom(table: CheckedTable, start: string): ReadonlySet<string> {
  const { called, reached } = callsOf(table);
  const known = reached.get(start);
  if (known !== undefined) return known;
  const found = new Set([start]);
  for (const name of found) for (const chain of called.get(name) ?? []) if (table.chains.has(chain)) found.add(chain);
  reached.set(start, found);
  return found;
}

export function builtInsOf({ chains }: CheckedTable): readonly string[] {
  return [...builtInChains].filter((name) => chains.has(name));
}

/** Chains in which a packet may get its verdict. */
export function decidingChains(table: CheckedTable): ReadonlySet<string> {
  const { called, ending } = callsOf(table);
  const deciding = new Set(ending);
  // Most chains call one that ends the path by itself: no list of callers is needed for them.
  for (const [name, chains] of called) if (chains.some((chain) => deciding.has(chain))) deciding.add(name);
  const callers = new Map<string, string[]>();
  for (const [name, chains] of called) {
    if (deciding.has(name)) continue;
    for (const chain of chains) {
      const known = callers.get(chain);
      if (known === undefined) callers.set(chain, [name]);
      else known.push(name);
    }
  }
  for (const name of deciding) for (const caller of callers.get(name) ?? []) deciding.add(caller);
  return deciding;
}

/** The packet's path through the table ends here. */
export function isVerdict({ target }: Rule): boolean {
  return targetEffects[target.kind] === "ends";
}

/**
 * The target that every packet gets in the chain at the latest, if it meets `given` (steady conditions); undefined where
 * some packets may get none. `seen` are the chains that were visited before: those of a loop, and those that did not
 * decide.
 */
export function finalTarget(
  table: CheckedTable,
  name: string,
  given: readonly Match[],
  seen = new Set<string>(),
): Rule["target"] | undefined {
  if (seen.has(name) || seen.size > mostChains) return undefined;
  seen.add(name);
  for (const { rule } of table.chains.get(name)?.rules ?? []) {
    const lead = leadOf(rule);
    if (rule.target.kind === "return" || lead?.isGoto === true) return undefined;
    const isMet = conditionsOf(rule.matches).every((match) => implies(given, match));
    if (!isMet) continue;
    const target = isVerdict(rule) ? rule.target : lead && finalTarget(table, lead.chain, given, seen);
    if (target !== undefined) return target;
  }
  return undefined;
}

/** Deeper nesting than in any real rule set is not followed. */
const mostChains = 1000;

/** The subject of findings about text: `Chain nat/KUBE-SERVICES`. */
export function chainSubject({ name }: { readonly name: string }, chain: string): Subject {
  return createSubject("Chain", name, chain);
}
