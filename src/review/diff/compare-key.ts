import {
  type AddressSet,
  complement,
  intersect,
  isEmpty,
  isSingle,
  noAddress,
  parseAddressSet,
  subtract,
  unite,
} from "../../evaluate/address-set.ts";
import { printTarget } from "../../evaluate/addresses.ts";
import { classesOf, type Part, type SourceClass, sameParts } from "../../evaluate/classes.ts";
import { evaluatePacket } from "../../evaluate/evaluate-packet.ts";
import type { EvaluatedHost } from "../../evaluate/host.ts";
import { isLocal } from "../../evaluate/match-packet.ts";
import type { Entry, Packet, Remembered } from "../../evaluate/packet.ts";
import { isIpv6Key, type Key } from "./key.ts";

/** What both sides do with all packets of one entry to one destination. */
export interface EntryComparison {
  readonly entry: Entry;
  /** The sources that were asked about: those both sides agree can come by this entry. */
  readonly sources: AddressSet;
  /** Without endpoints that reach themselves, unless it is they alone that are treated differently. */
  readonly base: readonly SourceClass[];
  readonly head: readonly SourceClass[];
  /** Sources that are treated differently, by what happens to them. */
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly sources: AddressSet;
  readonly was: readonly Part[];
  readonly now: readonly Part[];
  /** Only where clients are meant that the node keeps at an endpoint: the list that holds them. */
  readonly remembered?: string;
}

/** Sends all packets for a destination through both hosts, by each entry. */
export function compareKey(base: EvaluatedHost, head: EvaluatedHost, key: Key): readonly EntryComparison[] {
  return (["outside", "pod", "node"] as const).flatMap((entry) => {
    const sources = sourcesOf(entry, key, [base, head]);
    if (isEmpty(sources)) return [];
    const { address: destination, port, protocol, state } = key;
    const packet: Packet = { entry, sources, destination, port, protocol, state };
    const [was, now] = [classesOf(evaluatePacket(base, packet)), classesOf(evaluatePacket(head, packet))];
    const fresh = differencesOf(was, now);
    const differences =
      fresh.length > 0
        ? fresh
        : returningDifferences([was, now], (remembered) =>
            differencesOf(
              classesOf(evaluatePacket(base, { ...packet, remembered })),
              classesOf(evaluatePacket(head, { ...packet, remembered })),
            ),
          );
    const general = differences.length === 0 ? [] : differencesOf(withoutHairpins(was), withoutHairpins(now));
    const shown = differences.length > 0 && general.length === 0 ? differences : general;
    const fold = shown === differences && shown.length > 0 ? (each: readonly SourceClass[]) => each : withoutHairpins;
    return [{ entry, sources, base: fold(was), head: fold(now), differences: shown }];
  });
}

/** The node itself uses its own addresses, and what it talks to when that is its own too. */
function sourcesOf(entry: Entry, { address, ...key }: Key, hosts: readonly [EvaluatedHost, EvaluatedHost]): AddressSet {
  const isIpv6 = isIpv6Key({ address, ...key });
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
  // From the network a loopback address is asked for once, by no port in particular: that it must not be reached is what
  // KUBE-FIREWALL is for, since route_localnet, which node ports on 127.0.0.1 need, makes it no martian.
  if (isLoopback && (key.kind !== "other-ports" || address === "::1")) return noAddress(bits);
  // What talks to itself does so without this node.
  const others = complement(unite([everyLocal, parseAddressSet(address) as AddressSet], bits));
  if (entry === "pod") return intersect(pods, others);
  if (entry === "outside") return subtract(others, pods);
  const own = hosts[0].world.nodeAddresses.filter((each) => hosts[1].world.nodeAddresses.includes(each));
  const itself = hosts.every((host) => isLocal(address, host)) ? [address] : [];
  const sets = [...own, ...itself].map(parseAddressSet).filter((set) => set?.bits === bits) as AddressSet[];
  return unite(sets, bits);
}

function differencesOf(base: readonly SourceClass[], head: readonly SourceClass[]): readonly Difference[] {
  const differences: { sources: AddressSet; was: readonly Part[]; now: readonly Part[] }[] = [];
  for (const before of base) {
    for (const after of head) {
      if (sameParts(before.parts, after.parts)) continue;
      const sources = intersect(before.sources, after.sources);
      if (!isEmpty(sources)) differences.push({ sources, was: before.parts, now: after.parts });
    }
  }
  return differences;
}

const mostLists = 64;

/** Where new clients are treated alike, those that come again may not be: one list after the other holds them. */
function returningDifferences(
  sides: readonly (readonly SourceClass[])[],
  compare: (remembered: Remembered) => readonly Difference[],
): readonly Difference[] {
  const outcomes = sides.flatMap((classes) => classes.flatMap(({ parts }) => parts.map(({ outcome }) => outcome)));
  const lists = new Set(outcomes.flatMap(({ affinity, remembers }) => (affinity === undefined ? [] : remembers)));
  for (const list of [...lists].slice(0, mostLists)) {
    const found = compare({ lists: new Set([list]), target: undefined });
    if (found.length > 0) return found.map((difference) => ({ ...difference, remembered: list }));
  }
  return [];
}

/**
 * Classes as people think of them: an endpoint that reaches itself is masqueraded, whatever the rule for the others,
 * and makes no class of its own. `differs` says of which sources more is to be told.
 */
export function withoutHairpins(classes: readonly SourceClass[]): readonly SourceClass[] {
  const folded = new Map<SourceClass, SourceClass[]>();
  for (const one of classes) {
    const general = classes.find((each) => each !== one && !isSingle(each.sources) && isHairpinOf(one, each));
    if (general !== undefined) folded.set(general, [...(folded.get(general) ?? []), one]);
  }
  if (folded.size === 0) return classes;
  const gone = new Set([...folded.values()].flat());
  return classes
    .filter((each) => !gone.has(each))
    .map((each) => {
      const sets = [each, ...(folded.get(each) ?? [])].map(({ sources }) => sources);
      return { ...each, sources: unite(sets, each.sources.bits) };
    });
}

function isHairpinOf(one: SourceClass, general: SourceClass): boolean {
  if (!isSingle(one.sources)) return false;
  const plain = (part: Part): string => part.key.replace(" masqueraded", "");
  const extra = one.parts.filter((part) => !general.parts.some((other) => other.key === part.key));
  return (
    one.parts.map(plain).sort().join() === general.parts.map(plain).sort().join() &&
    extra.every(({ outcome: { verdict, masqueraded }, key }) => {
      if (verdict.kind !== "delivered" || !masqueraded) return false;
      const own = parseAddressSet(verdict.target.address);
      return own !== undefined && !isEmpty(intersect(own, one.sources)) && key.includes(printTarget(verdict.target));
    })
  );
}
