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
  if (isSourceAlone(was, now)) return "source-address";
  if (isMore(shareOf(was, isMasqueraded), shareOf(now, isMasqueraded))) return "source-address";
  if (isMore(shareOf(now, isMasqueraded), shareOf(was, isMasqueraded))) return "source-address";
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

function isMasqueraded({ outcome }: Part): boolean {
  return outcome.masqueraded;
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

function isSourceAlone(was: readonly Part[], now: readonly Part[]): boolean {
  const ends = (parts: readonly Part[]) => parts.map(({ outcome }) => outcome.verdict.kind).join();
  const masks = (parts: readonly Part[]) => parts.map(({ outcome }) => outcome.masqueraded).join();
  return ends(was) === ends(now) && masks(was) !== masks(now) && targets(was).join() === targets(now).join();
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
