import type { ChainChange, ChainDifference } from "../../../ir/owned.ts";
import type { OwnChains } from "../own-chains.ts";
import { deleteRule, insertRule } from "../rule-lines.ts";
import { declare } from "../write.ts";
import { without } from "./compare-chain.ts";
import { editPartialChain, hasMemory } from "./partial-chain.ts";

/** Lines for iptables-restore that change single rules of a chain: first deletes, then inserts. */
export interface ChainEdit {
  readonly deletes: readonly string[];
  readonly inserts: readonly string[];
}

/** Shorter chains are rewritten: that takes as few bytes, and does not depend on the live rules. */
const leastRules = 50;
/** With more changes than one rule in this many, rewriting takes no more bytes than editing. */
const rulesForEachChange = 8;

/** The edit that makes the change, if it is shorter than rewriting. */
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

/** A delete by text removes the first copy of a duplicate rule, which may be the one to keep. */
function hasTwice({ extra, live }: ChainDifference): boolean {
  const counts = new Set(extra);
  return extra.length > counts.size || live.filter((line) => counts.has(line)).length > counts.size;
}

/** From the last to the first, each before the rule that follows it in the desired state. */
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
 * Chains of fragments, in order, in sections of about 200. The chains of a fragment stay in one section, so that they
 * change in one transaction. If it has too many targets, their chains are created in earlier sections.
 */
export function cutIntoFragments(changes: readonly ChainChange[], own: OwnChains): readonly (readonly ChainChange[])[] {
  const isOfTarget = ({ chain }: ChainChange): boolean => own.roleOf(chain) === "target";
  const sections: (readonly ChainChange[])[] = [];
  let open: ChainChange[] = [];
  for (const fragment of fragmentsOf(changes, isOfTarget)) {
    if (open.length > 0 && open.length + fragment.length > chainsInSection) {
      sections.push(open);
      open = [];
    }
    if (fragment.length > chainsInSection) sections.push(...cutFragment(fragment, isOfTarget));
    else open.push(...fragment);
  }
  if (open.length > 0) sections.push(open);
  return sections;
}

type IsOfTarget = (change: ChainChange) => boolean;

/** The chains of its targets come last in a fragment, so the next one begins after these. */
function fragmentsOf(changes: readonly ChainChange[], isOfTarget: IsOfTarget): readonly (readonly ChainChange[])[] {
  const fragments: ChainChange[][] = [];
  let wasTarget = true;
  for (const change of changes) {
    const isTarget = isOfTarget(change);
    if (wasTarget && !isTarget) fragments.push([]);
    if (fragments.length === 0) fragments.push([]);
    fragments[fragments.length - 1]?.push(change);
    wasTarget = isTarget;
  }
  return fragments;
}

function cutFragment(fragment: readonly ChainChange[], isOfTarget: IsOfTarget): readonly (readonly ChainChange[])[] {
  return [...cutBlindly(fragment.filter(isOfTarget)), fragment.filter((change) => !isOfTarget(change))];
}

/** Sections of chains where only the order matters. */
export function cutBlindly(changes: readonly ChainChange[]): readonly (readonly ChainChange[])[] {
  const sections: (readonly ChainChange[])[] = [];
  for (let start = 0; start < changes.length; start += chainsInSection) {
    sections.push(changes.slice(start, start + chainsInSection));
  }
  return sections;
}

/** The content of one `*TABLE ... COMMIT`, which the kernel applies in one transaction. */
interface Transaction {
  /** Chains to flush or create. */
  readonly declared: string[];
  readonly rules: string[];
  /** Chains to delete, last: no rule may jump to them at that point. */
  readonly deletions: string[];
}

/** The lines of a transaction with all of these changes; none without changes. */
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

/** One by one: a chain may have more rules than a function call can have arguments. */
function addAll(rules: string[], lines: readonly string[]): void {
  for (const line of lines) rules.push(line);
}

/**
 * All desired jumps, at the head of their chain or at their known position among foreign rules. Unless the change is
 * deletes only, all jumps are deleted first: a duplicate rule cannot be deleted selectively.
 */
function placeJumps({ chain, desired, live, difference, foreignBefore }: ChainChange): readonly string[] {
  const { missing, extra, reordered } = difference;
  const isTwice = extra.some((line) => desired.includes(line));
  if (missing.length === 0 && !reordered && !isTwice) return extra.map(deleteRule);
  const places = desired.length === foreignBefore.length ? foreignBefore : desired.map(() => 0);
  return [...live.map(deleteRule), ...desired.map((line, at) => insertRule(line, chain, (places[at] ?? 0) + at + 1))];
}
