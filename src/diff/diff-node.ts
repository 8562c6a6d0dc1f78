import type { EvaluatedHost } from "../datapath/host.ts";
import type { Narrowing } from "../filter/narrowing.ts";
import { readEvaluatedHost } from "../reconcile/live/evaluated-host.ts";
import { pairTables } from "./changed-chains.ts";
import { describeChange, type NodePair } from "./describe-change.ts";
import { compareDestination } from "./destinations/compare-destination.ts";
import { enumerateDestinations } from "./destinations/enumerate-destinations.ts";
import { createEquivalencePrefilter, type RulePairs } from "./destinations/equivalence-prefilter.ts";
import { type DestinationChange, foldDestinations } from "./destinations/fold-destinations.ts";
import { diffRules } from "./diff-rules.ts";
import { type ComparedTexts, narrowTexts } from "./filter-rules.ts";
import { createLineOwners } from "./line-owners.ts";
import type { SideNode } from "./side.ts";
import type { NodeRules, TrafficChange } from "./traffic-diff.ts";

export interface NodeDiff {
  readonly changes: readonly TrafficChange[];
  readonly rules: NodeRules;
  /** How many rules, entries and servers are hidden by a filter. */
  readonly hiddenRules: number;
}

/** The differences of one node. A node with unknown addresses gets addresses from a range that no network uses. */
export function diffNode({ base, head }: NodePair, narrowing?: Narrowing): NodeDiff {
  const [before, after] = [readSide(base, head), readSide(head, base)];
  const pairs: RulePairs = {
    ipv4: pairTables(before.families.ipv4, after.families.ipv4),
    ipv6: pairTables(before.families.ipv6, after.families.ipv6),
  };
  const isEquivalent = createEquivalencePrefilter(pairs, before, after);
  const changes: DestinationChange[] = [];
  const destinations = enumerateDestinations([before, after]);
  for (const destination of destinations) {
    if (isEquivalent(destination)) continue;
    const change = describeChange(destination, compareDestination(before, after, destination), { base, head });
    if (change !== undefined) changes.push({ destination, change });
  }
  const hosts = [before, after];
  const hasRules = (address: string) =>
    hosts.some(({ families }) => families[address.includes(":") ? "ipv6" : "ipv4"].tables.size > 0);
  const nodeAddresses = [...new Set(hosts.flatMap(({ world }) => world.nodeAddresses))].filter(hasRules);
  const texts = { pairs, base: before, head: after };
  return {
    changes: foldDestinations(changes, { destinations, nodeAddresses }),
    ...(narrowing === undefined ? wholeRules(texts, head.name) : narrowedRules(texts, { base, head }, narrowing)),
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

/** Used as the node's own addresses where these are unknown. */
export const placeholderAddresses: readonly string[] = ["192.0.0.8", "100::8"];

function readSide({ texts, world }: SideNode, other: SideNode): EvaluatedHost {
  const nodeAddresses = world.nodeAddresses.length > 0 ? world.nodeAddresses : placeholderAddresses;
  const routeLocalnet = world.routeLocalnet ?? other.world.routeLocalnet;
  return readEvaluatedHost(texts, { ...world, nodeAddresses, routeLocalnet });
}
