import { sameSet } from "../address-set.ts";
import type { Flow } from "./flow.ts";
import { isNothing, sameShare } from "./share.ts";

/**
 * Takes questions back whose answer makes no difference: two flows that are alike but for one answer are one flow
 * without the question. Without this each unknown match of a foreign chain would double what follows.
 */
export function mergeFlows(flows: readonly Flow[]): readonly Flow[] {
  if (flows.every(({ assumptions }) => assumptions.length === 0)) {
    return flows.filter(({ share }) => !isNothing(share));
  }
  const merged: Flow[] = [];
  const places = new Map<string, number[]>();
  for (const flow of flows) {
    const key = keyOf(flow);
    const alike = places.get(key) ?? [];
    const twin = alike.find((place) => isTwin(merged[place], flow));
    if (twin !== undefined) merged[twin] = { ...flow, assumptions: flow.assumptions.slice(0, -1) };
    else {
      alike.push(merged.length);
      places.set(key, alike);
      merged.push(flow);
    }
  }
  // What was merged may have a twin now.
  return merged.length < flows.length ? mergeFlows(merged) : merged;
}

/** Equal for twins. */
function keyOf({ mark, connectionMark, state, remembers, asked, assumptions }: Flow): string {
  const answers = assumptions.map(({ what, holds }, at) => [what, at < assumptions.length - 1 && holds]);
  return JSON.stringify([mark, connectionMark, state, remembers, [...asked], answers]);
}

function isTwin(a: Flow | undefined, b: Flow): boolean {
  if (a === undefined || a.assumptions.length !== b.assumptions.length) return false;
  return (
    a.assumptions.at(-1)?.holds !== b.assumptions.at(-1)?.holds &&
    a.destination === b.destination &&
    a.port === b.port &&
    a.translated === b.translated &&
    a.masqueraded === b.masqueraded &&
    a.virtualServer === b.virtualServer &&
    sameShare(a.share, b.share) &&
    sameSet(a.sources, b.sources)
  );
}
