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
import { type RecallPair, recallPairs } from "./recall-pairs.ts";

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
  /** Those of the sources that a witness is taken from: no endpoint that reaches itself, where there are others. */
  readonly typical: AddressSet;
  /** Only where clients are meant that the node keeps at an endpoint, or kept until now. */
  readonly returning?: RecallPair["kind"];
}

/** Sends all packets for a destination through both hosts, by each entry. */
export function compareKey(base: EvaluatedHost, head: EvaluatedHost, key: Key): readonly EntryComparison[] {
  return (["outside", "pod", "node"] as const).flatMap((entry) => {
    const sources = sourcesOf(entry, key, [base, head]);
    if (isEmpty(sources)) return [];
    const { address: destination, port, protocol, state } = key;
    const packet: Packet = { entry, sources, destination, port, protocol, state };
    const ask = (host: EvaluatedHost, remembered?: Remembered) =>
      classesOf(evaluatePacket(host, { ...packet, remembered }));
    const fresh = compareClasses(ask(base), ask(head));
    if (fresh.differences.length > 0) return [{ entry, sources, ...fresh }];
    for (const { kind, ...recalled } of recallPairs(fresh.base, fresh.head)) {
      const { differences, ...classes } = compareClasses(ask(base, recalled.base), ask(head, recalled.head));
      if (differences.length === 0) continue;
      const returning = differences.map((difference) => ({ ...difference, returning: kind }));
      return [{ entry, sources, ...(kind === "kept" ? classes : fresh), differences: returning }];
    }
    return [{ entry, sources, ...fresh }];
  });
}

type ClassComparison = Pick<EntryComparison, "base" | "head" | "differences">;

function compareClasses(was: readonly SourceClass[], now: readonly SourceClass[]): ClassComparison {
  const differences = differencesOf(was, now);
  const [base, head] = [withoutHairpins(was), withoutHairpins(now)];
  if (differences.length === 0) return { base, head, differences };
  const general = differencesOf(base, head).flatMap((difference): readonly Difference[] => {
    const { sources } = difference;
    const plain = differences.find((one) => one.was === difference.was && one.now === difference.now);
    const real = unite(
      differences.map((one) => one.sources),
      sources.bits,
    );
    const typical = plain?.sources ?? intersect(real, sources);
    return isEmpty(typical) ? [] : [{ ...difference, typical }];
  });
  return general.length === 0 ? { base: was, head: now, differences } : { base, head, differences: general };
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
  // What claims to come from, or go to, a loopback address over the network is a martian to the kernel.
  const isLoopback = address === "::1" || address.startsWith("127.");
  if (isLoopback) return entry === "node" ? (parseAddressSet(address) as AddressSet) : noAddress(bits);
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
  const differences: Difference[] = [];
  for (const before of base) {
    for (const after of head) {
      if (sameParts(before.parts, after.parts)) continue;
      const sources = intersect(before.sources, after.sources);
      if (!isEmpty(sources)) differences.push({ sources, typical: sources, was: before.parts, now: after.parts });
    }
  }
  return differences;
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
