import { printCidrs, printTarget, sameSet, unite } from "../datapath/address-set.ts";
import type { Part } from "../datapath/classes.ts";
import { printPercent, shareNumber, total } from "../datapath/share.ts";
import { pairTables } from "../diff/changed-chains.ts";
import {
  isDelivered,
  isRefused,
  isUntouched,
  severityOf,
  sourceChanges,
  targets,
  verdictWords,
} from "../diff/classify-change.ts";
import { compareDestination, type Difference } from "../diff/destinations/compare-destination.ts";
import { enumerateDestinations } from "../diff/destinations/enumerate-destinations.ts";
import { createEquivalencePrefilter } from "../diff/destinations/equivalence-prefilter.ts";
import { type Destination, isIpv6Destination, vipOf } from "../diff/destinations/referenced-destinations.ts";
import { nameSources } from "../diff/name-sources.ts";
import { findService } from "../diff/service-names.ts";
import type { SideNode } from "../diff/side.ts";
import type { Family } from "../model/address.ts";
import type { HostPair } from "./drift-hosts.ts";

/** What a host does with packets to one destination, where that is not what it should do. */
export interface TrafficFault {
  readonly destination: Destination;
  /** `10.96.0.10:80`, `10.96.0.10:53/UDP`, `nodePort 30080` */
  readonly name: string;
  /** `shop/web:http`; undefined where the address belongs to no Service. */
  readonly service: string | undefined;
  /** `pods of this node`; `anywhere` alone where all sources are affected. */
  readonly from: readonly string[];
  /** What happens to the connections: `get no answer (dropped)`. */
  readonly effect: string;
  /** The rules that packets meet on one of the hosts only, as `ipv4 nat RULE`. */
  readonly rules: ReadonlySet<string>;
  /** All chains that packets meet on either host, as `ipv4 nat CHAIN`. */
  readonly chains: ReadonlySet<string>;
}

export interface FollowedTraffic {
  readonly faults: readonly TrafficFault[];
  /** Whether every destination was followed. */
  readonly isComplete: boolean;
}

/** Enough to see what is wrong: a lost jump affects every Service of a cluster alike. */
const mostFaults = { ofConcerned: 300, ofOthers: 60 };

/**
 * Follows packets to every destination that either host treats specially, and that their rules may treat differently.
 * Those of concerned Services come first.
 */
export function followTraffic(
  { desired, live }: HostPair,
  node: NamedNode,
  isConcerned: (service: string) => boolean,
): FollowedTraffic {
  const pairs = {
    ipv4: pairTables(desired.families.ipv4, live.families.ipv4),
    ipv6: pairTables(desired.families.ipv6, live.families.ipv6),
  };
  const isEquivalent = createEquivalencePrefilter(pairs, desired, live);
  const different = enumerateDestinations([desired, live]).filter((destination) => !isEquivalent(destination));
  const concerned = new Set(different.filter((destination) => isConcerned(knownService(destination, node) ?? "")));
  const follow = (destinations: readonly Destination[], most: number): FollowedTraffic => {
    const faults: TrafficFault[] = [];
    for (const destination of destinations) {
      if (faults.length >= most) return { faults, isComplete: false };
      faults.push(...faultsAt(destination, { desired, live }, node));
    }
    return { faults, isComplete: true };
  };
  const first = follow([...concerned], mostFaults.ofConcerned);
  const rest = follow(
    different.filter((destination) => !concerned.has(destination)),
    mostFaults.ofOthers,
  );
  return { faults: [...first.faults, ...rest.faults], isComplete: first.isComplete && rest.isComplete };
}

function knownService({ address, port, protocol }: Destination, { services }: NamedNode): string | undefined {
  const service =
    services.get(`${printTarget({ address, port })}/${protocol}`) ?? services.get(`*:${port}/${protocol}`);
  return service?.name;
}

/** What gives Services and sources their names. */
export type NamedNode = Pick<SideNode, "services" | "podRangesOf" | "world">;

interface OpenFault {
  readonly from: string[];
  readonly differences: Difference[];
  /** The entries (outside, pod, node) that are affected as a whole. */
  wholeEntries: number;
}

/** The faults at a destination, one for each effect. */
export function faultsAt(
  destination: Destination,
  { desired, live }: HostPair,
  node: NamedNode,
): readonly TrafficFault[] {
  const comparisons = compareDestination(desired, live, destination);
  const isOwn = live.localAddresses.has(destination.address) || destination.kind === "node-port";
  const open = new Map<string, OpenFault>();
  for (const { entry, sources, differences } of comparisons) {
    for (const [effect, alike] of byEffect(differences, isOwn)) {
      const known = open.get(effect) ?? { from: [], differences: [], wholeEntries: 0 };
      open.set(effect, known);
      const affected = unite(
        alike.map((difference) => difference.sources),
        sources.bits,
      );
      known.from.push(alike.every(isHairpin) ? "the endpoint itself" : nameSources(entry, affected, sources, [node]));
      known.differences.push(...alike);
      if (sameSet(affected, sources)) known.wholeEntries += 1;
    }
  }
  return [...open].map(([effect, { from, differences, wholeEntries }]) => ({
    destination,
    name: nameOf(destination),
    service: serviceOf(destination, node, differences[0]),
    from: wholeEntries === comparisons.length && comparisons.length > 1 ? ["anywhere"] : [...new Set(from)],
    effect,
    rules: rulesOf(destination, differences),
    chains: chainsOf(destination, differences),
  }));
}

function byEffect(differences: readonly Difference[], isOwn: boolean): ReadonlyMap<string, readonly Difference[]> {
  const found = new Map<string, Difference[]>();
  for (const difference of differences) {
    const effect = effectOf(difference, isOwn);
    const known = found.get(effect);
    if (known === undefined) found.set(effect, [difference]);
    else known.push(difference);
  }
  return found;
}

/** TCP is what people mean by a port. */
function nameOf(destination: Destination): string {
  const { kind, address, protocol } = destination;
  if (kind === "other-ports") return `other ${protocol.toUpperCase()} ports of ${address}`;
  return vipOf(destination).replace(/\/TCP(?= |$)/, "");
}

function serviceOf(destination: Destination, node: NamedNode, difference: Difference | undefined): string | undefined {
  return difference && findService(destination, { base: node, head: node }, difference).name;
}

function familyOf(destination: Destination): Family {
  return isIpv6Destination(destination) ? "ipv6" : "ipv4";
}

function rulesOf(destination: Destination, differences: readonly Difference[]): ReadonlySet<string> {
  const family = familyOf(destination);
  const found = new Set<string>();
  for (const { was, now } of differences) {
    const [before, after] = [ruleKeys(was, family), ruleKeys(now, family)];
    for (const key of before) if (!after.has(key)) found.add(key);
    for (const key of after) if (!before.has(key)) found.add(key);
  }
  return found;
}

function ruleKeys(parts: readonly Part[], family: Family): ReadonlySet<string> {
  return new Set(
    parts.flatMap(({ outcome }) =>
      outcome.hops.flatMap((hop) => (hop.kind === "rule" ? [`${family} ${hop.table} ${hop.rule.text}`] : [])),
    ),
  );
}

function chainsOf(destination: Destination, differences: readonly Difference[]): ReadonlySet<string> {
  const family = familyOf(destination);
  const hops = differences.flatMap(({ was, now }) => [...was, ...now].flatMap(({ outcome }) => outcome.hops));
  return new Set(hops.flatMap((hop) => (hop.kind === "rule" ? [`${family} ${hop.table} ${hop.chain}`] : [])));
}

/** What is wrong with the packets, as the predicate of a sentence about connections. */
function effectOf(difference: Difference, isOwn: boolean): string {
  const { was, now, returning } = difference;
  if (returning === "forgotten") return "lose their session affinity once";
  const [before, after] = [targets(was), targets(now)];
  if (before.length > 0 && after.length === 0) return unserved(now, isOwn);
  if (before.length === 0 && after.length > 0) return `go to ${listed(after)}, but should ${shouldBe(was)}`;
  if (before.length === 0) return otherwise(difference);
  const effects = [refusedPart(was, now), otherTargets(before, after), ...sourceEffects(difference)];
  const told = effects.filter((effect) => effect !== undefined);
  if (told.length > 0) return told.join("; ");
  return severityOf(difference) === "affinity" ? affinityEffect(was, now) : unevenly(now);
}

function unserved(now: readonly Part[], isOwn: boolean): string {
  if (now.every(isUntouched)) {
    return isOwn
      ? "reach the node itself instead of an endpoint (no rule handles them)"
      : "get no answer (no rule handles them)";
  }
  const kinds = new Set(now.map(({ outcome }) => outcome.verdict.kind));
  if (kinds.size > 1) return `are no longer served (${[...kinds].map(verdictWords).join(" or ")})`;
  if (kinds.has("unknown")) return "meet a rule that Portolan cannot follow";
  return kinds.has("rejected") ? "are refused" : "get no answer (dropped)";
}

function shouldBe(was: readonly Part[]): string {
  if (was.every(isUntouched)) return "not be handled";
  return was.some(({ outcome }) => outcome.verdict.kind === "rejected") ? "be refused" : "be dropped";
}

/** Neither host sends the packets to an endpoint. */
function otherwise(difference: Difference): string {
  const { was, now } = difference;
  const kinds = (parts: readonly Part[]): string =>
    [...new Set(parts.map(({ outcome }) => verdictWords(outcome.verdict.kind)))].join(" or ");
  if (kinds(was) !== kinds(now)) return `are ${kinds(now)}, but should be ${kinds(was)}`;
  return sourceEffects(difference).join("; ") || "depend on other conditions";
}

function refusedPart(was: readonly Part[], now: readonly Part[]): string | undefined {
  const refused = (parts: readonly Part[]) => parts.filter((part) => isRefused(part) || isUntouched(part));
  const [before, after] = [refused(was), refused(now)];
  if (before.length === after.length) return undefined;
  const part = after.length > 0 ? after : before;
  const percent = printPercent(total(part.map(({ share }) => share)));
  return after.length > 0 ? `get no answer in ${percent} of cases` : `are all answered, but ${percent} should not be`;
}

function otherTargets(before: readonly string[], after: readonly string[]): string | undefined {
  const [lost, added] = [before.filter((one) => !after.includes(one)), after.filter((one) => !before.includes(one))];
  if (added.length > 0 && lost.length > 0) return `go to ${listed(added)} instead of ${listed(lost)}`;
  if (added.length > 0) return `also go to ${listed(added)}, which should get none`;
  return lost.length > 0 ? `never go to ${listed(lost)}` : undefined;
}

const mostTargets = 3;

/** From `ADDRESS PORT`. */
function listed(ends: readonly string[]): string {
  const named = ends.slice(0, mostTargets).map((end) => {
    const [address = "", port] = end.split(" ");
    return printTarget({ address, port: Number(port) });
  });
  const more = ends.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** All sources are endpoints of the destination. */
function isHairpin({ now, sources }: Difference): boolean {
  const ends = new Set(targets(now).map((end) => end.split(" ", 1)[0]));
  if (ends.size === 0) return false;
  return printCidrs(sources).every((client) => ends.has(client.replace(/\/(?:32|128)$/, "")));
}

function sourceEffects(difference: Difference): readonly string[] {
  const { replaced, kept } = sourceChanges(difference.was, difference.now);
  const what = targets(difference.now).length > 0 ? "reach the endpoint" : "go on";
  const unmasked = isHairpin(difference)
    ? "come back to it with its own address as source, which it does not answer"
    : "keep the client's address, so that replies may not come back through this node";
  return [
    ...(replaced.length > 0 ? [`${what} with the node's address instead of the client's`] : []),
    ...(kept.length > 0 ? [unmasked] : []),
  ];
}

function affinityEffect(was: readonly Part[], now: readonly Part[]): string {
  const seconds = (parts: readonly Part[]) => parts.find(isDelivered)?.outcome.affinity;
  const [before, after] = [seconds(was), seconds(now)];
  if (before === after) return "do not stay at the same endpoint as they should";
  if (after === undefined) return "do not stay at one endpoint (session affinity is missing)";
  return before === undefined ? "stay at one endpoint, but should not" : `stay for ${after} s instead of ${before} s`;
}

function unevenly(now: readonly Part[]): string {
  const [most] = now.filter(isDelivered).sort((a, b) => shareNumber(b.share) - shareNumber(a.share));
  if (most?.outcome.verdict.kind !== "delivered") return "are distributed differently";
  return `are distributed differently: ${printTarget(most.outcome.verdict.target)} gets ${printPercent(most.share)}`;
}
