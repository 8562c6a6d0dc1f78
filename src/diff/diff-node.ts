import type { Narrowing } from "../filter/narrowing.ts";
import { compareNode } from "./compare-node.ts";
import { describeChange, type NodePair } from "./describe-change.ts";
import { type DestinationChange, foldDestinations } from "./destinations/fold-destinations.ts";
import { diffRules } from "./diff-rules.ts";
import { type ComparedTexts, narrowTexts } from "./filter-rules.ts";
import { createLineOwners } from "./line-owners.ts";
import type { NodeRules, TrafficChange } from "./traffic-diff.ts";

export interface NodeDiff {
  readonly changes: readonly TrafficChange[];
  readonly rules: NodeRules;
  /** How many rules, entries and servers are hidden by a filter. */
  readonly hiddenRules: number;
}

/** The differences of one node. A node with unknown addresses gets addresses from a range that no network uses. */
export function diffNode(pair: NodePair, narrowing?: Narrowing): NodeDiff {
  const { base: before, head: after, pairs, destinations, comparisons } = compareNode(pair);
  const changes: DestinationChange[] = [];
  for (const { destination, entries } of comparisons) {
    const change = describeChange(destination, entries, pair);
    if (change !== undefined) changes.push({ destination, change });
  }
  const hosts = [before, after];
  const hasRules = (address: string) =>
    hosts.some(({ families }) => families[address.includes(":") ? "ipv6" : "ipv4"].tables.size > 0);
  const nodeAddresses = [...new Set(hosts.flatMap(({ world }) => world.nodeAddresses))].filter(hasRules);
  const texts = { pairs, base: before, head: after };
  return {
    changes: foldDestinations(changes, { destinations, nodeAddresses }),
    ...(narrowing === undefined ? wholeRules(texts, pair.head.name) : narrowedRules(texts, pair, narrowing)),
  };
}

type RulesDiff = Pick<NodeDiff, "rules" | "hiddenRules">;

function wholeRules({ pairs, base, head }: ComparedTexts, node: string): RulesDiff {
  return { rules: diffRules(pairs, base, head, node), hiddenRules: 0 };
}

function narrowedRules(texts: ComparedTexts, { base, head }: NodePair, narrowing: Narrowing): RulesDiff {
  const owners = createLineOwners([
    { node: head, host: texts.head },
    { node: base, host: texts.base },
  ]);
  const all = wholeRules(texts, head.name);
  const { rules } = wholeRules(narrowTexts(texts, owners, narrowing), head.name);
  return { rules, hiddenRules: Math.max(0, countRules(all.rules) - countRules(rules)) };
}

function countRules({ added, changed, removed, moved }: NodeRules): number {
  return added + changed + removed + moved;
}
