import { addressNumber, contains, isIpv6 } from "../../datapath/address-set.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { Entry } from "../../datapath/packet.ts";
import { type Family, families, familyNames } from "../../model/address.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import type { KnownPod } from "./find-pods.ts";
import type { PacketSource, Refusal, Surroundings } from "./question.ts";

export interface ResolvedSource {
  readonly address: string;
  readonly entry: Entry;
  readonly name: string | undefined;
}

interface Destined {
  readonly family: Family;
  readonly destination: string;
}

/** The families in which the source can send. */
export function sourceFamilies(
  source: PacketSource,
  known: Surroundings,
): { readonly families: readonly Family[] } | Refusal {
  switch (source.kind) {
    case "node":
    case "internet":
      return { families };
    case "address":
      return { families: [familyOf(source.address)] };
    case "pod": {
      const pod = known.pods().get(`${source.namespace}/${source.name}`);
      if (pod === undefined) return unknownPod(`${source.namespace}/${source.name}`, known.pods());
      return { families: pod.addresses.map(({ family }) => family) };
    }
  }
}

function familyOf(address: string): Family {
  return isIpv6(address) ? "ipv6" : "ipv4";
}

function unknownPod(called: string, pods: ReadonlyMap<string, KnownPod>): Refusal {
  const near = didYouMean(called, pods.keys());
  const hint = near === undefined ? "add its EndpointSlice or Pod to the state" : `did you mean ${near}?`;
  return { refused: `the address of pod ${called} is unknown; ${hint}` };
}

/** The source address of a packet, and how it enters the node. */
export function resolveSource(
  source: PacketSource,
  { family, destination }: Destined,
  known: Surroundings,
): ResolvedSource | Refusal {
  switch (source.kind) {
    case "address":
      return { address: source.address, entry: entryOf(source.address, known), name: undefined };
    case "internet":
      return { address: strangerTo(known, family), entry: "outside", name: "internet" };
    case "node": {
      const isLoopback = destination.startsWith("127.") || destination === "::1";
      const address = isLoopback ? destination : known.nodeAddresses[family];
      if (address !== undefined) return { address, entry: "node", name: `node ${known.node}` };
      return { refused: `the ${familyNames[family]} address of node ${known.node} is unknown; pass one with --from` };
    }
    case "pod": {
      const pod = known.pods().get(`${source.namespace}/${source.name}`);
      const address = pod?.addresses.find((each) => each.family === family)?.text;
      if (pod === undefined || address === undefined)
        return { refused: `the pod has no ${familyNames[family]} address` };
      return { address, entry: entryOfPod(address, pod, known), name: `pod ${pod.namespace}/${pod.name}` };
    }
  }
}

/** An address of this node is the node itself, one in its pod ranges is a local pod, any other is external. */
function entryOf(address: string, { host }: Surroundings): Entry {
  if (isLocal(address, host)) return "node";
  return contains(host.pods[familyOf(address)], addressNumber(address)) ? "pod" : "outside";
}

/** A hostNetwork pod sends packets as its node does. */
function entryOfPod(address: string, pod: KnownPod, known: Surroundings): Entry {
  const entry = entryOf(address, known);
  if (pod.node === undefined || entry === "node") return entry;
  return pod.node === known.node ? "pod" : "outside";
}

/** An unused address of the documentation ranges (RFC 5737, RFC 3849). */
function strangerTo(known: Surroundings, family: Family): string {
  const prefix = family === "ipv4" ? "198.51.100." : "2001:db8::";
  for (let last = 7; last < 200; last += 1) {
    const address = `${prefix}${family === "ipv4" ? last : last.toString(16)}`;
    if (entryOf(address, known) === "outside" && !known.isTaken(address)) return address;
  }
  return `${prefix}7`;
}
