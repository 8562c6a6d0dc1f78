import { type EvaluatedHost, readEvaluatedHost } from "../../evaluate/host.ts";
import { compareKey } from "./keys/compare-key.ts";
import { foldKeys, type KeyChange } from "./keys/fold-keys.ts";
import { listKeys } from "./keys/list-keys.ts";
import { createSurelyEqual, type RulePairs } from "./keys/surely-equal.ts";
import { pairTables } from "./rules/changed-chains.ts";
import { diffRules } from "./rules/diff-rules.ts";
import type { SideNode } from "./side.ts";
import { describeChange, type NodePair } from "./telling/describe-change.ts";
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
  const hosts = [before, after];
  const hasRules = (address: string) =>
    hosts.some(({ families }) => families[address.includes(":") ? "ipv6" : "ipv4"].tables.size > 0);
  const nodeAddresses = [...new Set(hosts.flatMap(({ world }) => world.nodeAddresses))].filter(hasRules);
  return { changes: foldKeys(changes, { keys, nodeAddresses }), rules: diffRules(pairs, before, after, head.name) };
}

/** Stands for the node's own address where nobody names one. */
export const placeholderAddresses: readonly string[] = ["192.0.0.8", "100::8"];

function readSide({ texts, world }: SideNode, other: SideNode): EvaluatedHost {
  const nodeAddresses = world.nodeAddresses.length > 0 ? world.nodeAddresses : placeholderAddresses;
  const routeLocalnet = world.routeLocalnet ?? other.world.routeLocalnet;
  return readEvaluatedHost(texts, { ...world, nodeAddresses, routeLocalnet });
}
