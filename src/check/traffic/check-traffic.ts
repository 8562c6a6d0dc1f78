import {
  canonicalAddress,
  intersect,
  isEmpty,
  parseAddressSet,
  parseTarget,
  printTarget,
  unite,
} from "../../datapath/address-set.ts";
import { evaluatePacket } from "../../datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Hop, Outcome } from "../../datapath/packet.ts";
import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import { serviceAddresses } from "../../diff/destinations/service-addresses.ts";
import type { HostDocument } from "../../ir/artifact.ts";
import type { Family } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import {
  type Cause,
  type Fault,
  listed,
  type PlaceOfChain,
  printDestination,
  type RootedHop,
  type ServiceDestination,
  type ShapeOf,
  type Source,
  type SourceKind,
  type TrafficHost,
} from "../../programs/traffic-mode.ts";
import { faultsOf, targetOf } from "./judge-traffic.ts";
import { checkConntrack, checkEndpoints, checkMissingAddresses, checkSettings } from "./other-faults.ts";
import { findPods, type PodAddresses, sourceNames, sourcesFor } from "./source-classes.ts";
import { readTrafficHost, serviceDestinations } from "./traffic-host.ts";

/** A host to check, in the forms that are needed. */
export interface TrafficCheck {
  readonly document: HostDocument;
  readonly placeOf: PlaceOfChain;
  /** The state of the cluster, where it is known. */
  readonly cluster: Cluster | undefined;
}

/** What has one cause: who is affected. */
interface Affected {
  readonly cause: Cause;
  readonly sources: Set<SourceKind>;
  readonly destinations: Set<ServiceDestination>;
}

/**
 * Asks the datapath from each class of sources at each address of a Service, and reports what cannot work, one finding
 * for each cause. Healthy is what reaches an endpoint and gets its replies, wherever rules of other programs stand.
 */
export function checkTraffic({ document, placeOf, cluster }: TrafficCheck, sink: Sink): void {
  const traffic = readTrafficHost(document);
  if (traffic === undefined) return;
  const questions = askingOf(traffic);
  const names = namesIn(cluster);
  const destinations = serviceDestinations(traffic, names);
  const causes = allFaults(destinations, questions).map((fault) => ({
    fault,
    cause: causeOf(fault, traffic, placeOf),
  }));
  reportCauses(causes, sink);
  const targetsOf = (destination: ServiceDestination): ReadonlySet<string> => endpointsOf(destination, questions);
  traffic.mode.checkChains({ traffic, placeOf, names, cluster }, sink);
  checkSettings(document, traffic, destinations, sink);
  checkConntrack({ document, destinations, targetsOf }, sink);
  if (cluster === undefined) return;
  checkEndpoints({ destinations, targetsOf }, cluster, sink);
  checkMissingAddresses(destinations, { names, cluster }, sink);
}

function causeOf(fault: Fault, traffic: TrafficHost, placeOf: PlaceOfChain): Cause {
  const hopsOf = (outcome: Outcome | undefined): readonly RootedHop[] => rooted(outcome?.hops ?? [], traffic.host);
  const [hops, intendedHops] = [hopsOf(fault.outcome), hopsOf(fault.intended)];
  const cause = traffic.mode.causes[fault.kind]({ fault, hops, intendedHops, traffic, placeOf });
  return fault.dependsOnOrder ? ofOrder(cause) : cause;
}

function rooted(hops: readonly Hop[], { stages }: Pick<EvaluatedHost, "stages">): readonly RootedHop[] {
  const bases = new Set(stages.map(({ entry: { table, chain } }) => `${table} ${chain}`));
  const roots = new Map<string, string>();
  return hops.flatMap((hop) => {
    if (hop.kind !== "rule") return [];
    if (bases.has(`${hop.table} ${hop.chain}`)) roots.set(hop.table, hop.chain);
    return [{ ...hop, root: roots.get(hop.table) ?? "" }];
  });
}

function reportCauses(found: readonly { readonly fault: Fault; readonly cause: Cause }[], sink: Sink): void {
  const causes = new Map<string, Affected>();
  for (const { fault, cause } of found) {
    const key = `${cause.code} ${cause.key} ${cause.parameters.effect ?? ""}`;
    const known = causes.get(key) ?? { cause, sources: new Set(), destinations: new Set() };
    causes.set(key, known);
    known.sources.add(fault.source.kind);
    known.destinations.add(fault.destination);
  }
  for (const affected of causes.values()) report(affected, sink);
}

/** A fault in one of two orders that the text allows may be none. */
function ofOrder({ key, table, chain, place, parameters }: Cause): Cause {
  const { rule, what } = parameters;
  return {
    code: "service-order-unknown",
    key,
    table,
    chain,
    place,
    parameters: { rule: rule ?? what ?? `${chain} (table ${table})` },
  };
}

/** The service port of each address and node port of a state. */
function namesIn(cluster: Cluster | undefined): ReadonlyMap<string, string> {
  if (cluster === undefined) return new Map();
  return new Map([...serviceAddresses(cluster, () => undefined)].map(([key, { name }]) => [key, name]));
}

export function askingOf(traffic: TrafficHost): Asking {
  const { mode } = traffic;
  const endpoints = mode.endpoints(traffic);
  const podsOf = (family: Family): PodAddresses =>
    findPods(traffic, family, { endpoints, detectors: mode.podMatches(traffic, family) });
  return {
    traffic,
    intended: mode.intended(traffic),
    pods: { ipv4: podsOf("ipv4"), ipv6: podsOf("ipv6") },
    ownEndpoints: mode.ownEndpoints(traffic),
  };
}

/** Of a larger group with faults, the others have those of the first. */
const mostAsked = 20;

/** The faults of all destinations. One of those that are treated alike is asked first, the others where it has faults. */
function allFaults(destinations: readonly ServiceDestination[], asking: Asking): readonly Fault[] {
  const { traffic } = asking;
  return groupAlike(destinations, traffic.mode.shapes(traffic)).flatMap((group) => {
    const [first, ...others] = group;
    const faults = first === undefined ? [] : faultsOfDestination(first, asking);
    if (faults.length === 0) return [];
    if (group.length <= mostAsked) return [...faults, ...others.flatMap((other) => faultsOfDestination(other, asking))];
    return group.flatMap((destination) => faults.map((fault) => ({ ...fault, destination })));
  });
}

/**
 * Divides destinations into groups that all rules treat alike, so that one of each needs to be asked. Two destinations
 * are alike if their own rules are the same but for names, addresses and ports, and if no other rule or set tells
 * their addresses and ports apart.
 */
function groupAlike(
  destinations: readonly ServiceDestination[],
  shapeOf: ShapeOf,
): readonly (readonly ServiceDestination[])[] {
  const groups = new Map<string, ServiceDestination[]>();
  for (const destination of destinations) {
    const shape = shapeOf(destination);
    const group = groups.get(shape);
    if (group === undefined) groups.set(shape, [destination]);
    else group.push(destination);
  }
  return [...groups.values()];
}

/** The endpoints that kube-proxy's rules have for a destination, from any source. */
function endpointsOf(destination: ServiceDestination, { traffic, intended, pods }: Asking): ReadonlySet<string> {
  const outcomes = sourcesFor(destination, pods[destination.family], traffic).flatMap((source) =>
    evaluate(intended, source, destination),
  );
  return new Set(
    outcomes.flatMap(({ verdict }) => (verdict.kind === "delivered" ? [printTarget(verdict.target)] : [])),
  );
}

/** A host, what its rules should do, and who asks. */
interface Asking {
  readonly traffic: TrafficHost;
  readonly intended: EvaluatedHost;
  readonly pods: Readonly<Record<Family, PodAddresses>>;
  /** The endpoints on this node; undefined where nothing tells them from others. */
  readonly ownEndpoints: ReadonlySet<string> | undefined;
}

function faultsOfDestination(destination: ServiceDestination, asking: Asking): readonly Fault[] {
  const { traffic, intended } = asking;
  const ask = (source: Source): readonly Fault[] => {
    const answers = {
      destination,
      source,
      actual: evaluate(traffic.host, source, destination),
      intended: evaluate(intended, source, destination),
    };
    return faultsOf(answers, traffic);
  };
  const faults = sourcesFor(destination, asking.pods[destination.family], traffic).flatMap(ask);
  return destination.kind === "cluster-ip" ? [...faults, ...hairpins(destination, asking)] : faults;
}

export function evaluate(host: EvaluatedHost, source: Source, destination: ServiceDestination): readonly Outcome[] {
  const { address, port, protocol } = destination;
  const sources = parseAddressSet(source.address);
  if (sources === undefined) return [];
  const { entry, inInterface } = source;
  return evaluatePacket(host, { entry, inInterface, sources, destination: canonicalAddress(address), port, protocol });
}

/** Endpoints that reach themselves: all of them are asked at once, and packets that reach another are left out. */
function hairpins(destination: ServiceDestination, asking: Asking): readonly Fault[] {
  const { traffic, intended } = asking;
  const { host } = traffic;
  const pods = asking.pods[destination.family];
  const any =
    pods.here === undefined
      ? []
      : evaluate(
          intended,
          { kind: "pod", entry: "pod", address: pods.here, inInterface: pods.inInterface },
          destination,
        );
  const targets = any.flatMap(({ verdict }) => (verdict.kind === "delivered" ? [verdict.target.address] : []));
  const own = [...new Set(targets)].filter((address) => isPod(address, asking));
  const [first] = own;
  if (first === undefined) return [];
  const sets = own.map(parseAddressSet).filter((set) => set !== undefined);
  const { address, port, protocol } = destination;
  const packet = {
    entry: "pod" as const,
    inInterface: pods.inInterface,
    sources: unite(sets, first.includes(":") ? 128 : 32),
    destination: canonicalAddress(address),
    port,
    protocol,
  };
  const source: Source = { kind: "hairpin", entry: "pod", address: first, inInterface: pods.inInterface };
  const [actual, due] = [host, intended].map((each) => evaluatePacket(each, packet).filter(isToItself));
  return faultsOf({ destination, source, actual: actual ?? [], intended: due ?? [] }, traffic);
}

/** A set may name the endpoints of this node. */
function isPod(address: string, { traffic, ownEndpoints }: Asking): boolean {
  return !traffic.host.localAddresses.has(address) && ownEndpoints?.has(address) !== false;
}

/** It reaches itself, or it was sent to itself and is refused. */
function isToItself(outcome: Outcome): boolean {
  const { verdict, sources } = outcome;
  if (verdict.kind === "untouched" || verdict.kind === "unknown") return false;
  const to = parseTarget(targetOf(outcome) ?? "");
  const target = to && parseAddressSet(to.address);
  return target !== undefined && !isEmpty(intersect(sources, target));
}

function report({ cause, sources, destinations }: Affected, sink: Sink): void {
  const { code, table, chain, place, parameters, hint } = cause;
  const services = labelsOf([...destinations]);
  const subject = chain === "" ? createSubject() : createSubject("Chain", table, chain);
  const from = (Object.keys(sourceNames) as SourceKind[]).filter((kind) => sources.has(kind));
  const all = { ...parameters, services: listed(services), sources: from.map((kind) => sourceNames[kind]).join(", ") };
  const owners = [...new Set([...destinations].map((each) => each.service ?? printDestination(each)))];
  sink.reporter(subject)(code, place, all as never, { ...(hint === undefined ? {} : { hint }), services: owners });
}

/** `shop/web:http`, `shop/web:http (node port 30080/TCP)`, or the address where the text does not name a Service. */
function labelsOf(destinations: readonly ServiceDestination[]): readonly string[] {
  const byService = new Map<string, ServiceDestination[]>();
  for (const destination of destinations) {
    const name = destination.service ?? printDestination(destination);
    byService.set(name, [...(byService.get(name) ?? []), destination]);
  }
  return [...byService].map(([name, all]) => {
    const [first] = all;
    const isPart = first?.service !== undefined && all.length === 1 && first.kind !== "cluster-ip";
    return isPart ? `${name} (${printDestination(first)})` : name;
  });
}
