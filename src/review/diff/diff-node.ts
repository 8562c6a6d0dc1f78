import { type EvaluatedHost, readEvaluatedHost } from "../../evaluate/host.ts";
import { pairTables } from "./changed-chains.ts";
import { compareKey } from "./compare-key.ts";
import { describeChange, type NodePair } from "./describe-change.ts";
import { diffRules } from "./diff-rules.ts";
import { type Key, vipOf } from "./key.ts";
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
  const changes: { readonly key: Key; readonly change: TrafficChange }[] = [];
  for (const key of listKeys([before, after])) {
    if (isSurelyEqual(key)) continue;
    const change = describeChange(key, compareKey(before, after, key), { base, head });
    if (change !== undefined) changes.push({ key, change });
  }
  const nodeAddresses = [...new Set([before, after].flatMap(({ world }) => world.nodeAddresses))];
  return { changes: foldKeys(changes, nodeAddresses), rules: diffRules(pairs, before, after, head.name) };
}

/** Stands for the node's own address where nobody names one. */
export const placeholderAddresses: readonly string[] = ["192.0.0.8", "100::8"];

function readSide({ texts, world }: SideNode, other: SideNode): EvaluatedHost {
  const nodeAddresses = world.nodeAddresses.length > 0 ? world.nodeAddresses : placeholderAddresses;
  const routeLocalnet = world.routeLocalnet ?? other.world.routeLocalnet;
  return readEvaluatedHost(texts, { ...world, nodeAddresses, routeLocalnet });
}

/**
 * One change for keys that change alike: a node port on several addresses, the unused ports of an address, the regions.
 * Where a node port does not change alike everywhere, the addresses say which is meant.
 */
function foldKeys(
  found: readonly { readonly key: Key; readonly change: TrafficChange }[],
  nodeAddresses: readonly string[],
): readonly TrafficChange[] {
  const groups = new Map<string, { readonly keys: Key[]; readonly change: TrafficChange }>();
  for (const { key, change } of found) {
    const id = JSON.stringify([groupOf(key), { ...change, vip: "", port: 0, protocol: "", witness: 0, ruleLines: 0 }]);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { keys: [key], change });
    else group.keys.push(key);
  }
  return [...groups.values()].map(({ keys, change }) => ({
    ...change,
    vip: nameGroup(keys, change.vip, nodeAddresses),
  }));
}

function groupOf({ kind, address, port, protocol, state }: Key): string {
  if (kind === "address") return `${address} ${port} ${protocol}`;
  if (kind === "node-port") return `node port ${port} ${protocol}`;
  return kind === "other-ports" ? `others of ${address}` : `elsewhere ${state}`;
}

function nameGroup(keys: readonly Key[], vip: string, nodeAddresses: readonly string[]): string {
  const [first] = keys;
  if (first === undefined) return vip;
  switch (first.kind) {
    case "address":
      return vip;
    case "other-ports":
      return keys.length > 1 ? `${first.address}, other ports` : vip;
    case "elsewhere":
      return first.state === "NEW" ? "everything else" : vip;
    case "node-port": {
      const own = nodeAddresses.filter((address) => address.includes(":") === first.address.includes(":"));
      const isEverywhere = own.every((address) => keys.some((key) => key.address === address));
      return isEverywhere ? vip : keys.map((key) => vipOf({ ...key, kind: "address" })).join(", ");
    }
  }
}
