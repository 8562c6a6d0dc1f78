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
  for (const flow of flows) {
    const twin = merged.findIndex((other) => isTwin(other, flow));
    if (twin < 0) merged.push(flow);
    else merged[twin] = { ...flow, assumptions: flow.assumptions.slice(0, -1) };
  }
  // What was merged may have a twin now.
  return merged.length < flows.length ? mergeFlows(merged) : merged;
}

function isTwin(a: Flow, b: Flow): boolean {
  const [one, other] = [a.assumptions.at(-1), b.assumptions.at(-1)];
  if (one === undefined || other === undefined || one.what !== other.what || one.holds === other.holds) return false;
  return (
    a.assumptions.length === b.assumptions.length &&
    a.assumptions.slice(0, -1).every(({ what, holds }, at) => {
      const beside = b.assumptions[at];
      return beside?.what === what && beside.holds === holds;
    }) &&
    isAlike(a, b)
  );
}

function isAlike(a: Flow, b: Flow): boolean {
  return (
    a.destination === b.destination &&
    a.port === b.port &&
    a.mark === b.mark &&
    a.state === b.state &&
    a.translated === b.translated &&
    a.masqueraded === b.masqueraded &&
    a.virtualServer === b.virtualServer &&
    a.remembers.join() === b.remembers.join() &&
    sameShare(a.share, b.share) &&
    a.sources.intervals.length === b.sources.intervals.length &&
    a.sources.intervals.every(
      ({ from, to }, at) => from === b.sources.intervals[at]?.from && to === b.sources.intervals[at]?.to,
    )
  );
}
