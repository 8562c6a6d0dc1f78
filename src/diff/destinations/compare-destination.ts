import {
  type AddressSet,
  complement,
  intersect,
  isEmpty,
  noAddress,
  parseAddressSet,
  printTarget,
  subtract,
  unite,
} from "../../datapath/address-set.ts";
import { classesOf, type Part, type SourceClass, sameParts } from "../../datapath/classes.ts";
import { evaluatePacket } from "../../datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { Entry, Packet, Remembered } from "../../datapath/packet.ts";
import { type Destination, isIpv6Destination } from "./referenced-destinations.ts";

/** What both sides do with all packets of one entry to one destination. */
export interface EntryComparison {
  readonly entry: Entry;
  /**
   * The compared sources: those that both sides accept for this entry. Endpoints are left out, unless only endpoints
   * are treated differently.
   */
  readonly sources: AddressSet;
  readonly base: readonly SourceClass[];
  readonly head: readonly SourceClass[];
  /** Sources that are treated differently, grouped by what happens to them. */
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly sources: AddressSet;
  readonly was: readonly Part[];
  readonly now: readonly Part[];
  /** Only for clients with an active session affinity in base, or on both sides. */
  readonly returning?: AffinityCase["kind"];
}

/** Evaluates all packets to a destination on both hosts, for each entry. */
export function compareDestination(
  base: EvaluatedHost,
  head: EvaluatedHost,
  destination: Destination,
): readonly EntryComparison[] {
  return (["outside", "pod", "node"] as const).flatMap((entry) => {
    const sources = sourcesOf(entry, destination, [base, head]);
    if (isEmpty(sources)) return [];
    const { address, port, protocol, state } = destination;
    const packet: Packet = { entry, sources, destination: address, port, protocol, state };
    const ask = (host: EvaluatedHost, remembered?: Remembered) =>
      classesOf(evaluatePacket(host, { ...packet, remembered }));
    const fresh = compareClasses(sources, ask(base), ask(head));
    if (fresh.differences.length > 0) return [{ entry, ...fresh }];
    for (const { kind, ...recalled } of affinityCases(fresh.base, fresh.head)) {
      const kept = compareClasses(sources, ask(base, recalled.base), ask(head, recalled.head));
      if (kept.differences.length === 0) continue;
      const differences = kept.differences.map((difference) => ({ ...difference, returning: kind }));
      return [{ entry, ...(kind === "kept" ? kept : fresh), differences }];
    }
    return [{ entry, ...fresh }];
  });
}

/**
 * An endpoint that reaches itself is always masqueraded. It makes no class of its own, unless only endpoints are
 * treated differently.
 */
function compareClasses(
  sources: AddressSet,
  was: readonly SourceClass[],
  now: readonly SourceClass[],
): Omit<EntryComparison, "entry"> {
  const all = { sources, base: was, head: now, differences: differencesOf(was, now) };
  const ends = endpointsOf([...was, ...now]);
  const others = ends === undefined ? sources : subtract(sources, ends);
  if (ends === undefined || isEmpty(others)) return all;
  const [base, head] = [classesWithin(others, was), classesWithin(others, now)];
  const differences = differencesOf(base, head);
  return differences.length === 0 && all.differences.length > 0 ? all : { sources: others, base, head, differences };
}

function classesWithin(others: AddressSet, classes: readonly SourceClass[]): readonly SourceClass[] {
  return classes.flatMap(({ sources, parts }): readonly SourceClass[] => {
    const rest = intersect(sources, others);
    return isEmpty(rest) ? [] : [{ sources: rest, parts }];
  });
}

/** The endpoints that packets of these classes are delivered to. */
function endpointsOf(classes: readonly SourceClass[]): AddressSet | undefined {
  const [first] = classes;
  if (first === undefined) return undefined;
  const { bits } = first.sources;
  const found = classes
    .flatMap(({ parts }) => parts)
    .flatMap(({ outcome: { verdict } }) => (verdict.kind === "delivered" ? [verdict.target.address] : []));
  const sets = [...new Set(found)].map(parseAddressSet).filter((set) => set?.bits === bits) as AddressSet[];
  return sets.length === 0 ? undefined : unite(sets, bits);
}

/** The node itself sends from its own addresses, and from the destination address if that is local. */
function sourcesOf(entry: Entry, destination: Destination, hosts: readonly [EvaluatedHost, EvaluatedHost]): AddressSet {
  const { address } = destination;
  const isIpv6 = isIpv6Destination(destination);
  const bits = isIpv6 ? 128 : 32;
  const family = isIpv6 ? "ipv6" : "ipv4";
  const everyLocal = unite(
    hosts.map(({ local }) => local[family]),
    bits,
  );
  const pods = unite(
    hosts.map((host) => host.pods[family]),
    bits,
  );
  const isLoopback = address === "::1" || address.startsWith("127.");
  if (isLoopback && entry === "node") return parseAddressSet(address) as AddressSet;
  // From the network, loopback addresses are tested once, with an unused port: KUBE-FIREWALL must keep them
  // unreachable. The route_localnet setting, which node ports on 127.0.0.1 need, stops the kernel from dropping these
  // packets.
  if (isLoopback && (destination.kind !== "other-ports" || address === "::1")) return noAddress(bits);
  // A client that connects to its own address does not pass this node.
  const others = complement(unite([everyLocal, parseAddressSet(address) as AddressSet], bits));
  if (entry === "pod") return intersect(pods, others);
  if (entry === "outside") return subtract(others, pods);
  const own = hosts[0].world.nodeAddresses.filter((each) => hosts[1].world.nodeAddresses.includes(each));
  const itself = hosts.every((host) => isLocal(address, host)) ? [address] : [];
  const sets = [...own, ...itself].map(parseAddressSet).filter((set) => set?.bits === bits) as AddressSet[];
  return unite(sets, bits);
}

function differencesOf(base: readonly SourceClass[], head: readonly SourceClass[]): readonly Difference[] {
  const differences: Difference[] = [];
  for (const before of base) {
    for (const after of head) {
      if (sameParts(before.parts, after.parts)) continue;
      const sources = intersect(before.sources, after.sources);
      if (!isEmpty(sources)) differences.push({ sources, was: before.parts, now: after.parts });
    }
  }
  return differences;
}

/** What both sides have recorded about a returning client. */
interface AffinityCase {
  /** `forgotten`: the lists that contain the client have other names now, and the new ones are empty at first. */
  readonly kind: "kept" | "forgotten";
  readonly base: Remembered;
  readonly head: Remembered;
}

const mostTargets = 64;

/**
 * The returning clients to compare. For each endpoint: clients that both sides keep there, whatever the lists are
 * called. For each common list: clients in it. And clients that are only in lists of base.
 */
function affinityCases(was: readonly SourceClass[], now: readonly SourceClass[]): readonly AffinityCase[] {
  const [before, after] = [listsByTarget(was), listsByTarget(now)];
  const targets = [...new Set([...before.keys(), ...after.keys()])].slice(0, mostTargets);
  const pairs: AffinityCase[] = [];
  const forgotten: AffinityCase[] = [];
  for (const target of targets) {
    const base = { lists: before.get(target) ?? none, target };
    const head = { lists: after.get(target) ?? none, target };
    pairs.push({ kind: "kept", base, head });
    const shared = [...base.lists].filter((list) => head.lists.has(list));
    for (const list of shared) {
      const remembered = { lists: new Set([list]), target: undefined };
      pairs.push({ kind: "kept", base: remembered, head: remembered });
    }
    const isRenamed = shared.length === 0 && base.lists.size > 0 && head.lists.size > 0;
    if (isRenamed) forgotten.push({ kind: "forgotten", base, head: { ...base, target: undefined } });
  }
  return [...pairs, ...forgotten];
}

const none: ReadonlySet<string> = new Set();

/** The `-m recent` lists with clients of an endpoint; none where IPVS records them. */
function listsByTarget(classes: readonly SourceClass[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { outcome } of classes.flatMap(({ parts }) => parts)) {
    const { verdict, affinity, remembers } = outcome;
    if (verdict.kind !== "delivered" || affinity === undefined) continue;
    const target = printTarget(verdict.target);
    found.set(target, new Set([...(found.get(target) ?? []), ...remembers]));
  }
  return found;
}
