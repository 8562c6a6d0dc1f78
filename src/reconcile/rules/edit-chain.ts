import { deleteRule, insertRule } from "../../languages/iptables/canonical-rule.ts";
import { declare } from "../../languages/iptables/write.ts";
import { isEndpointChain } from "../../programs/kube-proxy/chain-names.ts";
import { type ChainDifference, without } from "./compare-chain.ts";
import { editPartialChain, hasMemory } from "./partial-chain.ts";
import type { ChainChange } from "./rule-changes.ts";

/** Lines for iptables-restore that change single rules of a chain: the deletes first, then the inserts. */
export interface ChainEdit {
  readonly deletes: readonly string[];
  readonly inserts: readonly string[];
}

/** Chains with fewer rules are written anew: that is as short, and cannot depend on what stands there. */
const leastRules = 50;
/** With more changes than one rule in so many, writing anew is no longer than editing. */
const rulesForEachChange = 8;

/** The edit that makes the difference, if one is worth it. */
export function editChain(
  chain: string,
  desired: readonly string[],
  difference: ChainDifference,
): ChainEdit | undefined {
  const { missing, extra, reordered } = difference;
  const changes = missing.length + extra.length;
  if (reordered || desired.length < leastRules || changes * rulesForEachChange > desired.length) return undefined;
  if ([...missing, ...extra].some(hasMemory) || hasTwice(difference)) return undefined;
  return {
    deletes: extra.map(deleteRule),
    inserts: insertInto(without(difference.live, extra), chain, desired, missing),
  };
}

/** Of a rule that stands twice, its text names the first, which may be the one to keep. */
function hasTwice({ extra, live }: ChainDifference): boolean {
  const counts = new Set(extra);
  return extra.length > counts.size || live.filter((line) => counts.has(line)).length > counts.size;
}

/** From the last to the first, each right before the rule that is to follow it. */
function insertInto(
  standing: string[],
  chain: string,
  desired: readonly string[],
  missing: readonly string[],
): readonly string[] {
  const absent = new Set(missing);
  const inserts: string[] = [];
  let next: string | undefined;
  for (const line of [...desired].reverse()) {
    if (absent.has(line)) {
      const index = next === undefined ? standing.length : standing.indexOf(next);
      standing.splice(index, 0, line);
      inserts.push(insertRule(line, chain, index + 1));
    }
    next = line;
  }
  return inserts;
}

/** iptables-nft takes one transaction of more chains much longer than several (1.8.9: see performance in the README). */
export const mostChainsAtOnce = 300;
const chainsInSection = 200;

/**
 * Chains of service ports, in order, as sections of about 200: a service port's chains stay together, so that they
 * change at once. One with more endpoints than fit has its endpoint chains made before the others.
 */
export function cutIntoFragments(changes: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  const sections: (readonly ChainChange[])[] = [];
  let open: ChainChange[] = [];
  for (const fragment of fragmentsOf(changes)) {
    if (open.length > 0 && open.length + fragment.length > chainsInSection) {
      sections.push(open);
      open = [];
    }
    if (fragment.length > chainsInSection) sections.push(...cutFragment(fragment));
    else open.push(...fragment);
  }
  if (open.length > 0) sections.push(open);
  return sections;
}

/** A service port's endpoint chains follow its others, so the next begins where an endpoint chain ends. */
function fragmentsOf(changes: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  const fragments: ChainChange[][] = [];
  let wasEndpoint = true;
  for (const change of changes) {
    const isEndpoint = isOfEndpoint(change);
    if (wasEndpoint && !isEndpoint) fragments.push([]);
    if (fragments.length === 0) fragments.push([]);
    fragments[fragments.length - 1]?.push(change);
    wasEndpoint = isEndpoint;
  }
  return fragments;
}

function cutFragment(fragment: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  return [...cutBlindly(fragment.filter(isOfEndpoint)), fragment.filter((change) => !isOfEndpoint(change))];
}

/** Sections of chains whose order is all that matters. */
export function cutBlindly(changes: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  const sections: (readonly ChainChange[])[] = [];
  for (let start = 0; start < changes.length; start += chainsInSection) {
    sections.push(changes.slice(start, start + chainsInSection));
  }
  return sections;
}

function isOfEndpoint({ chain }: ChainChange): boolean {
  return isEndpointChain(chain);
}

/** What one `*TABLE ... COMMIT` does: the kernel does all of it at once. */
interface Transaction {
  /** Chains that are emptied, or made. */
  readonly declared: string[];
  readonly rules: string[];
  /** Chains that are deleted, last: nothing may lead to them then. */
  readonly deletions: string[];
}

/** The lines of a transaction that makes all of these changes; none where there is nothing to do. */
export function transaction(table: string, changes: readonly ChainChange[]): readonly string[] {
  const into: Transaction = { declared: [], rules: [], deletions: [] };
  for (const change of changes) takePart(change, into);
  const lines = [...into.declared, ...into.rules, ...into.deletions];
  return lines.length === 0 ? [] : [`*${table}`, ...lines, "COMMIT"];
}

function takePart(change: ChainChange, into: Transaction): void {
  const { chain, kind, desired, difference, isBuiltIn } = change;
  if (isBuiltIn) {
    addAll(into.rules, placeJumps(change));
  } else if (change.partial !== undefined) {
    addAll(into.rules, editPartialChain(change, change.partial));
  } else if (kind === "remove") {
    into.declared.push(declare(chain));
    if (!change.isHeld) into.deletions.push(`-X ${chain}`);
  } else {
    const edit = kind === "change" ? editChain(chain, desired, difference) : undefined;
    if (edit === undefined) into.declared.push(declare(chain));
    addAll(into.rules, edit === undefined ? desired : [...edit.deletes, ...edit.inserts]);
  }
}

/** One by one: a chain may have more rules than a call can have arguments. */
function addAll(rules: string[], lines: readonly string[]): void {
  for (const line of lines) rules.push(line);
}

/**
 * All desired jumps to the head of their chain, or behind as many rules of others as they are known to have stood. Where
 * more is to be done than to take some away, all are taken out first: a rule that stands twice has no other name.
 */
function placeJumps({ chain, desired, live, difference, foreignBefore }: ChainChange): readonly string[] {
  const { missing, extra, reordered } = difference;
  const isTwice = extra.some((line) => desired.includes(line));
  if (missing.length === 0 && !reordered && !isTwice) return extra.map(deleteRule);
  const places = desired.length === foreignBefore.length ? foreignBefore : desired.map(() => 0);
  return [...live.map(deleteRule), ...desired.map((line, at) => insertRule(line, chain, (places[at] ?? 0) + at + 1))];
}
