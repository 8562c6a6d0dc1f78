import { type EvaluatedHost, readEvaluatedHost } from "../../evaluate/host.ts";
import { pairTables } from "./changed-chains.ts";
import { compareKey } from "./compare-key.ts";
import { describeChange, type NodePair } from "./describe-change.ts";
import { diffRules } from "./diff-rules.ts";
import { foldKeys, type KeyChange } from "./fold-keys.ts";
import { listKeys } from "./list-keys.ts";
import type { SideNode } from "./side.ts";
import { createSurelyEqual, type RulePairs } from "./surely-equal.ts";
import type { NodeRules, TrafficChange } from "./traffic-diff.ts";

export interface NodeDiff {
  readonly changes: readonly TrafficChange[];
  readonly rules: NodeRules;
}

/** What one node does otherwise. Nodes whose addresses nobody told get one of a range that no network uses. */
export function diffNode({ base, head }: NodePair): NodeDiff {
  const [before, after] = [readSide(base, head), readSide(head, base)];
  const pairs: RulePairs = {
    ipv4: pairTables(before.families.ipv4, after.families.ipv4),
    ipv6: pairTables(before.families.ipv6, after.families.ipv6),
  };
  const isSurelyEqual = createSurelyEqual(pairs, before, after);
  const changes: KeyChange[] = [];
  const keys = listKeys([before, after]);
  for (const key of keys) {
    if (isSurelyEqual(key)) continue;
    const change = describeChange(key, compareKey(before, after, key), { base, head });
    if (change !== undefined) changes.push({ key, change });
  }
  const nodeAddresses = [...new Set([before, after].flatMap(({ world }) => world.nodeAddresses))];
  return { changes: foldKeys(changes, { keys, nodeAddresses }), rules: diffRules(pairs, before, after, head.name) };
}

/** Stands for the node's own address where nobody names one. */
export const placeholderAddresses: readonly string[] = ["192.0.0.8", "100::8"];

function readSide({ texts, world }: SideNode, other: SideNode): EvaluatedHost {
  const nodeAddresses = world.nodeAddresses.length > 0 ? world.nodeAddresses : placeholderAddresses;
  const routeLocalnet = world.routeLocalnet ?? other.world.routeLocalnet;
  return readEvaluatedHost(texts, { ...world, nodeAddresses, routeLocalnet });
}
