import { createSubject, type Subject } from "../../diagnostics/diagnostic.ts";
import { builtInChains, type Match, type Rule, targetEffects } from "../../languages/iptables/rule.ts";
import type { CheckedTable } from "./checked-host.ts";
import { conditionsOf, implies } from "./conditions.ts";

/** The chain that a rule calls; `isGoto`: without return. */
export interface Lead {
  readonly chain: string;
  readonly isGoto: boolean;
}

export function leadOf({ target }: Rule): Lead | undefined {
  if (target.kind === "jump") return { chain: target.chain, isGoto: false };
  return target.kind === "goto" ? { chain: target.chain, isGoto: true } : undefined;
}

/** The chains that can be reached from a built-in chain, including itself. */
export function reachableFrom(table: CheckedTable, start: string): ReadonlySet<string> {
  const reached = new Set([start]);
  for (const name of reached) {
    for (const { rule } of table.chains.get(name)?.rules ?? []) {
      const lead = leadOf(rule);
      if (lead !== undefined && table.chains.has(lead.chain)) reached.add(lead.chain);
    }
  }
  return reached;
}

export function builtInsOf({ chains }: CheckedTable): readonly string[] {
  return [...builtInChains].filter((name) => chains.has(name));
}

/** Chains in which a packet may get its verdict. */
export function decidingChains({ chains }: CheckedTable): ReadonlySet<string> {
  const callers = new Map<string, string[]>();
  const deciding = new Set<string>();
  for (const { name, rules } of chains.values()) {
    for (const { rule } of rules) {
      const lead = leadOf(rule);
      if (isVerdict(rule)) deciding.add(name);
      if (lead === undefined) continue;
      const known = callers.get(lead.chain);
      if (known === undefined) callers.set(lead.chain, [name]);
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
