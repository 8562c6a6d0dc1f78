import { printTarget } from "../../evaluate/addresses.ts";
import type { Part } from "../../evaluate/classes.ts";
import { nothing, type Share, sameShare, shareNumber, total } from "../../evaluate/share.ts";
import type { Difference } from "./compare-key.ts";
import type { ChangeSeverity } from "./traffic-diff.ts";

/** How much it matters that packets go elsewhere: the worst of what can be said of it. */
export function severityOf({ was, now, returning }: Difference): ChangeSeverity {
  if (returning === "forgotten") return "affinity";
  const [refusedBefore, refusedAfter] = [shareOf(was, isRefused), shareOf(now, isRefused)];
  const [servedBefore, servedAfter] = [shareOf(was, isDelivered), shareOf(now, isDelivered)];
  const isMore = (a: Share, b: Share): boolean => shareNumber(a) - shareNumber(b) > 1e-6;
  if (
    isMore(refusedBefore, refusedAfter) ||
    (isMore(servedAfter, servedBefore) && !isMore(refusedAfter, refusedBefore))
  )
    return "access-widened";
  if (isMore(refusedAfter, refusedBefore) || isMore(servedBefore, servedAfter)) return "access-lost";
  const { replaced, kept } = sourceChanges(was, now);
  if (replaced.length + kept.length > 0) return "source-address";
  return returning !== undefined || isAffinityAlone(was, now) ? "affinity" : "shares";
}

export function isDelivered({ outcome }: Part): boolean {
  return outcome.verdict.kind === "delivered";
}

export function isRefused({ outcome }: Part): boolean {
  return outcome.verdict.kind === "rejected" || outcome.verdict.kind === "dropped";
}

export function isUntouched({ outcome }: Part): boolean {
  return outcome.verdict.kind === "untouched";
}

function shareOf(parts: readonly Part[], has: (part: Part) => boolean): Share {
  const found = parts.filter(has);
  return found.length === 0 ? nothing : total(found.map(({ share }) => share));
}

/** `ADDRESS PORT` of every endpoint, in order. */
export function targets(parts: readonly Part[]): readonly string[] {
  const found = parts.flatMap(({ outcome: { verdict } }) =>
    verdict.kind === "delivered" ? [`${verdict.target.address} ${verdict.target.port}`] : [],
  );
  return [...new Set(found)].sort();
}

export interface SourceChanges {
  /** Where packets end whose source is replaced now, and was not. */
  readonly replaced: readonly string[];
  readonly kept: readonly string[];
  /** All ends that this could be said of. */
  readonly ends: number;
}

/** Whose address endpoints see: of those that stay; of all, where all are others and are treated alike. */
export function sourceChanges(was: readonly Part[], now: readonly Part[]): SourceChanges {
  const [before, after] = [maskedEnds(was), maskedEnds(now)];
  const stay = [...after.keys()].filter((end) => before.has(end));
  const all = (masks: Masks, isMasked: boolean) =>
    masks.size > 0 && [...masks.values()].every((each) => !each.has(!isMasked));
  const changed = (to: boolean): readonly string[] => {
    if (stay.length > 0) return stay.filter((end) => after.get(end)?.has(to) && !before.get(end)?.has(to));
    return all(before, !to) && all(after, to) ? [...after.keys()] : [];
  };
  return { replaced: changed(true), kept: changed(false), ends: after.size };
}

/** Whether the source is replaced, by where packets end; both where that depends on what nobody can tell. */
type Masks = ReadonlyMap<string, ReadonlySet<boolean>>;

function maskedEnds(parts: readonly Part[]): Masks {
  const ends = new Map<string, Set<boolean>>();
  for (const { outcome } of parts) {
    const { verdict, masqueraded } = outcome;
    if (verdict.kind !== "delivered" && verdict.kind !== "untouched") continue;
    const end = verdict.kind === "delivered" ? printTarget(verdict.target) : "the address itself";
    const known = ends.get(end);
    if (known === undefined) ends.set(end, new Set([masqueraded]));
    else known.add(masqueraded);
  }
  return ends;
}

function isAffinityAlone(was: readonly Part[], now: readonly Part[]): boolean {
  const withoutAffinity = (part: Part): string => part.key.replace(/(?: chosen [a-z ]+?)?(?: for \d+ s)?$/, "");
  return (
    was.length === now.length &&
    was.every((part, at) => {
      const other = now[at];
      return other !== undefined && withoutAffinity(part) === withoutAffinity(other) && near(part.share, other.share);
    })
  );
}

function near(a: Share, b: Share): boolean {
  return sameShare(a, b) || Math.abs(shareNumber(a) - shareNumber(b)) < 1e-6;
}
