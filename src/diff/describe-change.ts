import {
  type AddressSet,
  addressNumber,
  contains,
  firstAddress,
  numberAddress,
  printTarget,
} from "../datapath/address-set.ts";
import type { Part } from "../datapath/classes.ts";
import { hasPorts } from "../datapath/packet.ts";
import { isDelivered, isUntouched, severityOf, targets } from "./classify-change.ts";
import type { Difference, EntryComparison } from "./destinations/compare-destination.ts";
import { type Destination, vipOf } from "./destinations/referenced-destinations.ts";
import { type ComparedHosts, pathOf } from "./example-path.ts";
import { labelClasses, tellParts } from "./label-outcomes.ts";
import { nameSources } from "./name-sources.ts";
import { headlineOf, type Reach, tellDetails } from "./service-change.ts";
import { findService } from "./service-names.ts";
import type { EndpointAt, SideNode } from "./side.ts";
import { type EndpointLabel, type ExamplePacket, severities, type TrafficChange } from "./traffic-diff.ts";

/** One node on both sides. */
export interface NodePair {
  readonly base: SideNode;
  readonly head: SideNode;
}

/** Describes the comparison of a destination; undefined where both sides treat every packet alike. */
export function describeChange(
  key: Destination,
  comparisons: readonly EntryComparison[],
  pair: NodePair,
  hosts: ComparedHosts,
): TrafficChange | undefined {
  const found = comparisons.flatMap((comparison) =>
    comparison.differences.map((difference) => ({ comparison, difference, severity: severityOf(difference) })),
  );
  const [worst] = found.sort(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      sizeOrder(a.difference.sources, b.difference.sources),
  );
  if (worst === undefined) return undefined;
  const { difference, comparison, severity } = worst;
  const isServed = (side: "base" | "head") =>
    comparisons.some((each) => each[side].some(({ parts }) => parts.some(isDelivered)));
  // Where a host refuses every destination without a rule, a missing destination is not "untouched".
  const isAbsent = (side: "base" | "head"): boolean =>
    (!isServed(side) && key.isNamed?.[side === "base" ? 0 : 1] === false) ||
    comparisons.every((each) => each[side].every(({ parts }) => parts.every(isUntouched)));
  const [isNew, isGone] = [isAbsent("base"), isAbsent("head")];
  const isRegion = key.kind !== "address" && key.kind !== "node-port";
  const kind = isRegion || isNew === isGone ? "changed" : isNew ? "added" : "removed";
  const nodes = [pair.base, pair.head];
  const { name, formerName, source } = findService(key, pair, difference);
  const { before, after } = labelClasses(comparisons, nodes);
  const examplePacket = examplePacketOf(key, comparison, difference, nodes);
  const reach: Reach = { from: examplePacket.fromClass, servedBefore: isServed("base"), servedAfter: isServed("head") };
  const headline = headlineOf({ kind, severity, difference, reach });
  return {
    kind,
    severity,
    service: name,
    ...(formerName === undefined ? {} : { formerService: formerName }),
    vip: vipOf(key),
    port: isRegion && key.kind !== "bound" ? undefined : key.port,
    protocol: isRegion && key.kind === "elsewhere" && key.state !== "NEW" ? undefined : key.protocol,
    nodes: [pair.head.name],
    localEndpoints: localEndpointsOf(difference, pair),
    headline,
    details: tellDetails(difference, headline),
    endpoints: endpointsOf(difference, reach, pair),
    before: kind === "added" ? [] : before,
    after: kind === "removed" ? [] : after,
    examplePacket,
    source: source?.(),
    examplePath: pathOf(difference, hosts),
  };
}

function sizeOrder(a: AddressSet, b: AddressSet): number {
  const size = ({ intervals }: AddressSet) => intervals.reduce((sum, { from, to }) => sum + to - from, 0n);
  return size(a) > size(b) ? -1 : 1;
}

/** Added and removed endpoints; none where the endpoints are the same and only the admitted sources change. */
function endpointsOf(
  { was, now, returning }: Difference,
  { servedBefore, servedAfter }: Reach,
  { base, head }: NodePair,
): TrafficChange["endpoints"] {
  const [isLetIn, isKeptOut] = [servedBefore && targets(was).length === 0, servedAfter && targets(now).length === 0];
  if (returning === "forgotten" || isLetIn || isKeptOut) return { added: [], removed: [] };
  return { added: endpointsOnly(now, was, head.endpoints), removed: endpointsOnly(was, now, base.endpoints) };
}

/** Which endpoints of these packets are on the node; undefined where their nodes are unknown. */
function localEndpointsOf({ was, now }: Difference, { base, head }: NodePair): TrafficChange["localEndpoints"] {
  const nodeOf = (text: string): string | undefined => {
    const [address = "", port] = text.split(" ");
    const target = printTarget({ address, port: Number(port) });
    return (head.endpoints.get(target) ?? base.endpoints.get(target))?.node;
  };
  const isLocal = (text: string): boolean => nodeOf(text) === head.name;
  const [before, after] = [targets(was), targets(now)];
  const all = [...before, ...after];
  if (all.every((text) => nodeOf(text) === undefined)) return undefined;
  if (after.length > 0 && after.every(isLocal)) return "only";
  return all.some(isLocal) ? "some" : "none";
}

function endpointsOnly(
  parts: readonly Part[],
  others: readonly Part[],
  known: ReadonlyMap<string, EndpointAt>,
): readonly EndpointLabel[] {
  const besides = new Set(targets(others));
  return targets(parts)
    .filter((target) => !besides.has(target))
    .map((text) => {
      const [address = "", port] = text.split(" ");
      const target = printTarget({ address, port: Number(port) });
      const { pod, node } = known.get(target) ?? { pod: undefined, node: undefined };
      return { target, pod, node };
    });
}

/** A packet of a difference, before and after. */
export function examplePacketOf(
  key: Destination,
  { entry, sources }: EntryComparison,
  difference: Difference,
  nodes: readonly SideNode[],
): ExamplePacket {
  const fromClass = nameSources(entry, difference.sources, sources, nodes);
  return {
    from: exampleOf(difference.sources),
    fromClass: difference.returning === undefined ? fromClass : `${fromClass}, with session affinity before`,
    entry,
    to: hasPorts(key.protocol) ? printTarget(key) : key.address,
    protocol: key.protocol,
    was: tellParts(difference.was),
    now: tellParts(difference.now),
  };
}

/** An address of the class that looks like a client: a documentation address, or one near the start of the network. */
export function exampleOf(sources: AddressSet): string {
  const [first] = sources.intervals;
  if (first === undefined) return "";
  const wanted = [addressNumber(sources.bits === 32 ? "198.51.100.7" : "2001:db8::7"), first.from + 9n];
  const value = wanted.find((each) => contains(sources, each));
  return value === undefined ? (firstAddress(sources) ?? "") : numberAddress(value, sources.bits);
}
