import { printTarget } from "../../datapath/address-set.ts";
import type { SourceClass } from "../../datapath/classes.ts";
import type { Remembered } from "../../datapath/packet.ts";

/** What both sides have recorded about a returning client. */
export interface AffinityCase {
  /** `forgotten`: the lists that contain the client have other names now, and the new ones are empty at first. */
  readonly kind: "kept" | "forgotten";
  readonly base: Remembered;
  readonly head: Remembered;
}

const mostTargets = 64;

/**
 * The returning clients to compare. For each endpoint: clients that both sides keep there, whatever the lists are
 * called. For each common list: clients in it. And clients that are only in lists of base.
 */
export function affinityCases(was: readonly SourceClass[], now: readonly SourceClass[]): readonly AffinityCase[] {
  const [before, after] = [listsByTarget(was), listsByTarget(now)];
  const targets = [...new Set([...before.keys(), ...after.keys()])].slice(0, mostTargets);
  const pairs: AffinityCase[] = [];
  const forgotten: AffinityCase[] = [];
  for (const target of targets) {
    const base = { lists: before.get(target) ?? none, target };
    const head = { lists: after.get(target) ?? none, target };
    pairs.push({ kind: "kept", base, head });
    const shared = [...base.lists].filter((list) => head.lists.has(list));
    for (const list of shared) {
      const remembered = { lists: new Set([list]), target: undefined };
      pairs.push({ kind: "kept", base: remembered, head: remembered });
    }
    const isRenamed = shared.length === 0 && base.lists.size > 0 && head.lists.size > 0;
    if (isRenamed) forgotten.push({ kind: "forgotten", base, head: { ...base, target: undefined } });
  }
  return [...pairs, ...forgotten];
}

const none: ReadonlySet<string> = new Set();

/** The `-m recent` lists with clients of an endpoint; none where IPVS records them. */
function listsByTarget(classes: readonly SourceClass[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { outcome } of classes.flatMap(({ parts }) => parts)) {
    const { verdict, affinity, remembers } = outcome;
    if (verdict.kind !== "delivered" || affinity === undefined) continue;
    const target = printTarget(verdict.target);
    found.set(target, new Set([...(found.get(target) ?? []), ...remembers]));
  }
  return found;
}
