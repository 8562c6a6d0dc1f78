import {
  type AddressSet,
  complement,
  intersect,
  isEmpty,
  noAddress,
  parseAddressSet,
  subtract,
  unite,
} from "../../datapath/address-set.ts";
import { classesOf, type Part, type SourceClass, sameParts } from "../../datapath/classes.ts";
import { evaluatePacket } from "../../datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { Entry, Packet, Remembered } from "../../datapath/packet.ts";
import { type AffinityCase, affinityCases } from "./affinity-cases.ts";
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
