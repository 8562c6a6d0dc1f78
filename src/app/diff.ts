import { diffSides } from "../diff/diff-sides.ts";
import type { TrafficDiff } from "../diff/traffic-diff.ts";
import type { Effects } from "./effects.ts";
import { narrowingOf } from "./narrowing.ts";
import type { NarrowRequest } from "./requests.ts";
import type { SideRequest } from "./sides/read-side-sources.ts";
import { readSides, type Sides } from "./sides/read-sides.ts";

export interface DiffRequest extends SideRequest, NarrowRequest {}

/** Reports how traffic and rules change from one state of a cluster or host to another. */
export async function diffStates(request: DiffRequest, effects: Effects): Promise<TrafficDiff> {
  const sides = await readSides(request, effects);
  effects.onProgress("comparing");
  const narrowing = narrowingOf(request, { clusters: sides.clusters, lines: () => linesOf(sides) }, effects);
  return diffSides(sides.base, sides.head, narrowing);
}

function* linesOf({ base, head }: Sides): Iterable<string> {
  for (const { texts } of [...base.nodes, ...head.nodes]) {
    for (const { text } of [...texts.iptables, ...texts.ip6tables]) yield* text.split("\n");
  }
}

/** Whether the shown part differs: traffic and, unless only traffic was requested, rules. */
export function isDifferent({ changes, rules }: TrafficDiff, detail: "traffic" | "services" | "rules"): boolean {
  if (changes.some(({ severity }) => severity !== "cosmetic")) return true;
  if (detail === "traffic") return false;
  return (
    changes.length > 0 || rules.some(({ added, changed, removed, moved }) => added + changed + removed + moved > 0)
  );
}
