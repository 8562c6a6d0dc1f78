import {
  type AddressSet,
  addressNumber,
  contains,
  isIpv6,
  numberAddress,
  parseAddressSet,
} from "../../datapath/address-set.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { Predicate } from "../../ir/datapath.ts";
import type { Family } from "../../model/address.ts";
import type { ServiceDestination, Source, SourceKind, TrafficHost } from "../../programs/traffic-mode.ts";

/** How a message names them; completes "connections from ...". */
export const sourceNames: Readonly<Record<SourceKind, string>> = {
  pod: "pods of this node",
  "other-pod": "pods of other nodes",
  node: "the node itself",
  outside: "outside the cluster",
  hairpin: "an endpoint to itself",
};

/** The pods of a family, as kube-proxy recognises them and as endpoints show. */
export interface PodAddresses {
  readonly here: string | undefined;
  readonly elsewhere: string | undefined;
  readonly inInterface: string | undefined;
  /** The interface as rules spell it: `-i cali+`. */
  readonly interfaceMatch: string | undefined;
}

/** Documentation addresses: no host of a cluster has them. */
const strangers: Readonly<Record<Family, string>> = { ipv4: "198.51.100.7", ipv6: "2001:db8::7" };

/** The sources that send packets to a destination by way of this node. */
export function sourcesFor(
  destination: ServiceDestination,
  pods: PodAddresses,
  { host, nodeAddress, uplink, mode }: TrafficHost,
): readonly Source[] {
  const { family, kind, address } = destination;
  const sources: Source[] = [];
  if (pods.here !== undefined)
    sources.push({ kind: "pod", entry: "pod", address: pods.here, inInterface: pods.inInterface });
  // A bound address is the source of what the node sends to it.
  const own = mode.bindsAddresses && isLocal(address, host) ? address : nodeAddress[family];
  sources.push({ kind: "node", entry: "node", address: own, inInterface: undefined });
  // A cluster IP is translated on the client's own node.
  if (kind === "cluster-ip") return sources;
  const avoids = pods.interfaceMatch;
  if (pods.elsewhere !== undefined)
    sources.push({ kind: "other-pod", entry: "outside", address: pods.elsewhere, inInterface: undefined, avoids });
  sources.push({ kind: "outside", entry: "outside", address: strangers[family], inInterface: uplink, avoids });
  return sources;
}

interface KnownPods {
  readonly endpoints: ReadonlySet<string>;
  /** The conditions by which rules tell pods from other sources. */
  readonly detectors: readonly Predicate[];
}

/** Examples of pods: the rules name the range of pod addresses; endpoints are pods of some node. */
export function findPods(
  { host, knownAddresses }: TrafficHost,
  family: Family,
  { endpoints, detectors }: KnownPods,
): PodAddresses {
  const named = detectors.find((each) => each.kind === "interface");
  const inInterface = named?.kind === "interface" ? `${named.name}${named.isPrefix ? "0" : ""}` : undefined;
  const ranged = detectors.find((each) => each.kind === "address-in");
  const range = ranged?.kind === "address-in" ? parseAddressSet(ranged.ranges[0] ?? "") : undefined;
  const example = [...endpoints].find((address) => isIpv6(address) === (family === "ipv6") && !isLocal(address, host));
  // The bridge of the pods has an address of theirs.
  const bridge = knownAddresses.find(
    (address) => isIpv6(address) === (family === "ipv6") && range !== undefined && isInside(range, address),
  );
  const near = bridge ?? (range === undefined ? example : undefined);
  const here = near !== undefined ? neighbour(near, endpoints) : range && freeAddress(range, endpoints, "last");
  const isWide = range !== undefined && sizeOf(range) > (family === "ipv4" ? 256n : 1n << 64n);
  const elsewhere = isWide
    ? freeAddress(range, endpoints, "first")
    : [...endpoints].find((address) => isIpv6(address) === (family === "ipv6") && !isInside(range, address));
  return {
    here,
    elsewhere: elsewhere === undefined || isLocal(elsewhere, host) ? undefined : elsewhere,
    inInterface,
    interfaceMatch: named?.kind === "interface" ? `-i ${named.name}${named.isPrefix ? "+" : ""}` : undefined,
  };
}

function isInside(range: AddressSet | undefined, address: string): boolean {
  return range === undefined || contains(range, addressNumber(address));
}

function sizeOf({ intervals: [first] }: AddressSet): bigint {
  return first === undefined ? 0n : first.to - first.from + 1n;
}

const mostTried = 1000;

/** An address at the end of a range that no endpoint has; the outermost are the network and its broadcast address. */
function freeAddress(
  { bits, intervals: [first] }: AddressSet,
  taken: ReadonlySet<string>,
  end: "first" | "last",
): string | undefined {
  if (first === undefined) return undefined;
  for (let step = 2; step < mostTried; step += 1) {
    const value = end === "last" ? first.to - BigInt(step) : first.from + BigInt(step);
    if (value <= first.from || value >= first.to) return undefined;
    const address = numberAddress(value, bits);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** Near an endpoint, so that it is in the same networks. */
function neighbour(endpoint: string, taken: ReadonlySet<string>): string | undefined {
  const bits = isIpv6(endpoint) ? 128 : 32;
  const value = addressNumber(endpoint);
  const from = value - (value % 256n);
  return freeAddress({ bits, intervals: [{ from, to: from + 255n }] }, taken, "last");
}
