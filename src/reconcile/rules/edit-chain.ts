import { deleteRule, insertRule } from "../../languages/iptables/canonical-rule.ts";
import { isEndpointChain } from "../../programs/kube-proxy/chain-names.ts";
import { type ChainDifference, without } from "./compare-chain.ts";
import { hasMemory } from "./partial-chain.ts";
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
