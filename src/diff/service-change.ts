import type { Part } from "../datapath/classes.ts";
import { printPercent, type Share } from "../datapath/share.ts";
import { isDelivered, isRefused, isUntouched, sourceChanges, targets, verdictWords } from "./classify-change.ts";
import type { Difference } from "./destinations/compare-destination.ts";
import type { ChangeSeverity, TrafficChange } from "./traffic-diff.ts";

/** The sources of a change, and whether other sources were served before or are served after it. */
export interface Reach {
  /** `203.0.113.0/24` */
  readonly from: string;
  readonly servedBefore: boolean;
  readonly servedAfter: boolean;
}

interface Told {
  readonly kind: TrafficChange["kind"];
  readonly severity: ChangeSeverity;
  readonly difference: Difference;
  readonly reach: Reach;
}

/** What changes, in a short phrase. */
export function headlineOf({ kind, severity, difference, reach }: Told): string {
  const { was, now, returning } = difference;
  const [before, after] = [targets(was).length, targets(now).length];
  if (returning === "forgotten") return "session affinity is reset once";
  if (kind === "added") return after === 0 ? `new, ${refusal(now)}` : `opens, ${counted(after)}`;
  if (kind === "removed") return before === 0 ? `removed, was ${refusal(was)}` : "closes";
  if (before > 0 && after === 0) return served(now, reach);
  if (before === 0 && after > 0) {
    if (reach.servedBefore) return `${counted(after)} now open to ${reach.from}`;
    return `${was.every(isRefused) ? "served again" : "served now"}, ${counted(after)}`;
  }
  if (before === 0 && ending(was) !== ending(now)) return `${ending(was)} -> ${ending(now)}`;
  if (before === 0 || severity === "source-address") return sourceAddress(was, now) || "depends on other conditions";
  if (severity === "affinity") return affinity(was, now) || "session affinity uses other endpoints";
  if (severity === "access-lost")
    return `partly ${refusal(now) || (now.some(isUntouched) ? "not handled" : "no longer served")}`;
  if (severity === "access-widened") return widened(was, now);
  if (before !== after) return `endpoints ${before} -> ${after}`;
  return targets(was).join() === targets(now).join() ? "load distribution" : "endpoints replaced";
}

/** For packets of which endpoints received only a part before. */
function widened(was: readonly Part[], now: readonly Part[]): string {
  if (!was.some(isRefused)) return "served more often";
  return `${now.some(isRefused) ? "less often" : "no longer"} ${refusal(was)}`;
}

/** For packets that no endpoint receives any more: some sources are excluded, or no source is served. */
function served(now: readonly Part[], { from, servedAfter }: Reach): string {
  if (servedAfter) return now.every(isRefused) ? `now ${refusal(now)} from ${from}` : `no longer serves ${from}`;
  return now.every(isRefused) ? "no endpoints left" : `no longer served: ${ending(now)}`;
}

/** Further phrases besides the headline, one per line. */
export function tellDetails({ was, now, returning }: Difference, headline: string): readonly string[] {
  if (returning === "forgotten") return ["the affinity lists have new names and start empty"];
  const details: string[] = [];
  const isNews = !headline.includes(refusal(now));
  if (now.every(isRefused) && !was.every(isRefused) && isNews) details.push(`connections are now ${refusal(now)}`);
  const [before, after] = [evenShare(was), evenShare(now)];
  if (before !== undefined && after !== undefined && printPercent(before) !== printPercent(after))
    details.push(`traffic per endpoint ${printPercent(before)} -> ${printPercent(after)}`);
  const both = was.some(isDelivered) && now.some(isDelivered);
  const source = sourceAddress(was, now);
  if (both && source !== "" && source !== headline) details.push(source);
  const stay = affinity(was, now);
  if (both && stay !== "" && stay !== headline) details.push(stay);
  for (const what of new Set([...was, ...now].flatMap(({ assumptions }) => assumptions.map((each) => each.what))))
    details.push(`depends on a match that Portolan cannot evaluate: ${what}`);
  return details;
}

function counted(endpoints: number): string {
  return `${endpoints} endpoint${endpoints === 1 ? "" : "s"}`;
}

function ending(parts: readonly Part[]): string {
  const kinds = [...new Set(parts.map(({ outcome: { verdict } }) => verdictWords(verdict.kind)))];
  return kinds.join(" or ");
}

/** `rejected (icmp-port-unreachable)`, `dropped`. */
function refusal(parts: readonly Part[]): string {
  const told = parts.flatMap(({ outcome: { verdict } }) => {
    if (verdict.kind === "dropped") return ["dropped"];
    if (verdict.kind === "unknown") return ["sent to an unknown end"];
    if (verdict.kind !== "rejected") return [];
    return [verdict.with === undefined ? "rejected" : `rejected (${verdict.with})`];
  });
  return [...new Set(told)].join(" or ");
}

/** Whether endpoints see the client IP: all endpoints, or those for which it changes. */
function sourceAddress(was: readonly Part[], now: readonly Part[]): string {
  const { replaced, kept, ends } = sourceChanges(was, now);
  const named = (by: readonly string[]): string =>
    `${by.slice(0, mostEnds).join(", ")}${by.length > mostEnds ? " and others" : ""}`;
  const seen = (by: readonly string[]): string =>
    by.length === ends ? "" : `; ${named(by)} ${by.length === 1 ? "sees" : "see"} the node`;
  const ofSome = (by: readonly string[]): string => (by.length === ends ? "" : ` for ${named(by)}`);
  return [
    ...(replaced.length > 0 ? [`client IP is no longer preserved (SNAT to the node's IP)${seen(replaced)}`] : []),
    ...(kept.length > 0 ? [`client IP is now preserved${ofSome(kept)}`] : []),
  ].join("; ");
}

const mostEnds = 2;

function affinity(was: readonly Part[], now: readonly Part[]): string {
  const seconds = (parts: readonly Part[]) => parts.filter(isDelivered).map(({ outcome }) => outcome.affinity);
  const [first, second] = [seconds(was), seconds(now)];
  // Only one of several endpoints may differ.
  const place = first.length === second.length ? first.findIndex((each, at) => each !== second[at]) : 0;
  const [before, after] = [first[place], second[place]];
  if (before === after) return scheduling(was, now);
  if (after === undefined) return "session affinity removed";
  return before === undefined ? `session affinity added (${after} s)` : `session affinity ${before} s -> ${after} s`;
}

/** How IPVS distributes clients, where that changes. */
function scheduling(was: readonly Part[], now: readonly Part[]): string {
  const [before, after] = [was.find(isDelivered)?.outcome.scheduling, now.find(isDelivered)?.outcome.scheduling];
  return before === after || before === undefined || after === undefined ? "" : `IPVS scheduling ${before} -> ${after}`;
}

/** The common share of all endpoints, where they are equal except for rounding. */
function evenShare(parts: readonly Part[]): Share | undefined {
  const delivered = parts.filter(isDelivered);
  const [first] = delivered;
  if (first === undefined) return undefined;
  const text = printPercent(first.share);
  return delivered.every(({ share }) => printPercent(share) === text) ? first.share : undefined;
}
