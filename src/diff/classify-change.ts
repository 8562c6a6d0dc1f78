import { printTarget } from "../datapath/address-set.ts";
import { type Part, sameParts } from "../datapath/classes.ts";
import { nothing, type Share, sameShare, shareNumber, total } from "../datapath/share.ts";
import type { Difference } from "./destinations/compare-destination.ts";
import { type ChangeSeverity, severities } from "./traffic-diff.ts";

/** The worst severity of a change, over all answers to the assumptions. */
export function severityOf({ was, now, returning }: Difference): ChangeSeverity {
  if (returning === "forgotten") return "affinity";
  const found = worldsOf(was, now).map((world) => severityIn(world.was, world.now));
  const worst = severities.find((severity) => found.includes(severity)) ?? "load-distribution";
  return returning !== undefined && worst === "load-distribution" ? "affinity" : worst;
}

function severityIn(was: readonly Part[], now: readonly Part[]): ChangeSeverity | undefined {
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
  if (sameParts(was, now)) return undefined;
  return isAffinityAlone(was, now) ? "affinity" : "load-distribution";
}

const mostQuestions = 6;

/** Both sides for each combination of answers to the assumptions; only the first few assumptions are combined. */
export function worldsOf(was: readonly Part[], now: readonly Part[]): readonly Pick<Difference, "was" | "now">[] {
  const questions = new Set([...was, ...now].flatMap(({ assumptions }) => assumptions.map(({ what }) => what)));
  let worlds: readonly Pick<Difference, "was" | "now">[] = [{ was, now }];
  for (const what of [...questions].slice(0, mostQuestions)) {
    worlds = worlds.flatMap((world) =>
      [true, false].map((answer) => ({
        was: partsWhere(world.was, what, answer),
        now: partsWhere(world.now, what, answer),
      })),
    );
  }
  return worlds;
}

function partsWhere(parts: readonly Part[], question: string, answer: boolean): readonly Part[] {
  return parts.flatMap((part): readonly Part[] => {
    const { assumptions } = part;
    if (assumptions.some(({ what, holds }) => what === question && holds !== answer)) return [];
    return [{ ...part, assumptions: assumptions.filter(({ what }) => what !== question) }];
  });
}

export function isDelivered({ outcome }: Part): boolean {
  return outcome.verdict.kind === "delivered";
}

/** An unknown end counts as refused: for a reviewer it is as bad. */
export function isRefused({ outcome }: Part): boolean {
  const { kind } = outcome.verdict;
  return kind === "rejected" || kind === "dropped" || kind === "unknown";
}

export function isUntouched({ outcome }: Part): boolean {
  return outcome.verdict.kind === "untouched";
}

/** A verdict in sentences; documents for programs keep the code. */
export function verdictWords(verdict: Part["outcome"]["verdict"]["kind"]): string {
  return verdict === "untouched" ? "not handled" : verdict;
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
  /** Endpoints whose packets are masqueraded in head and were not in base. */
  readonly replaced: readonly string[];
  readonly kept: readonly string[];
  /** The number of endpoints compared. */
  readonly ends: number;
}

/**
 * How the source address changes at endpoints of both sides. Without common endpoints: at all, if each side is uniform.
 */
export function sourceChanges(was: readonly Part[], now: readonly Part[]): SourceChanges {
  const [before, after] = [maskedEnds(was), maskedEnds(now)];
  const stay = [...after.keys()].filter((end) => before.has(end));
  const all = (masks: Masks, mask: number) => masks.size > 0 && [...masks.values()].every((each) => each === mask);
  const changed = (to: 1 | -1): readonly string[] => {
    if (stay.length > 0) return stay.filter((end) => Math.sign((after.get(end) ?? 0) - (before.get(end) ?? 0)) === to);
    return all(before, -to) && all(after, to) ? [...after.keys()] : [];
  };
  return { replaced: changed(1), kept: changed(-1), ends: after.size };
}

/** By destination: 1 where the source is replaced, -1 where it is kept, 0 where both occur. */
type Masks = ReadonlyMap<string, number>;

function maskedEnds(parts: readonly Part[]): Masks {
  const ends = new Map<string, number>();
  for (const { outcome } of parts) {
    const { verdict, masqueraded } = outcome;
    if (verdict.kind !== "delivered" && verdict.kind !== "untouched") continue;
    const end = verdict.kind === "delivered" ? printTarget(verdict.target) : "the address itself";
    const mask = masqueraded ? 1 : -1;
    ends.set(end, (ends.get(end) ?? mask) === mask ? mask : 0);
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
