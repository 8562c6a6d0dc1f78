import { addressNumber, contains, isIpv6, parseAddressSet } from "../../datapath/address-set.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { ConnectionState, Entry, Packet, Protocol } from "../../datapath/packet.ts";
import { type Family, families, familyNames } from "../../model/address.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import type { KnownPod } from "./find-pods.ts";
import { isRefusal, type PacketSource, type PacketTarget, type Refusal, type Surroundings } from "./question.ts";
import { type ResolvedTarget, resolveTargets, type TargetRequest } from "./resolve-target.ts";

interface PacketQuestion {
  readonly source: PacketSource;
  readonly target: PacketTarget;
  readonly protocol: Protocol | undefined;
  readonly entry: Entry | undefined;
  readonly inInterface: string | undefined;
  readonly outInterface: string | undefined;
  readonly state: ConnectionState;
  readonly mark: number;
}

/** A packet to trace, and its names. */
export interface ResolvedPacket {
  readonly from: string;
  readonly to: ResolvedTarget;
  /** `pod shop/web-1`, where the request named a pod. */
  readonly fromName: string | undefined;
  readonly packet: Packet;
}

/** Finds the addresses of the names in a request: one packet for each way that the target has. */
export function resolvePackets(
  question: PacketQuestion,
  known: Surroundings,
): readonly [ResolvedPacket, ...ResolvedPacket[]] | Refusal {
  const { source } = question;
  const spoken = sourceFamilies(source, known);
  if (isRefusal(spoken)) return spoken;
  const from: TargetRequest["from"] =
    source.kind === "internet" ? "internet" : isNode(source, known) ? "node" : "elsewhere";
  const namespace = source.kind === "pod" ? source.namespace : undefined;
  const { target, protocol } = question;
  const targets = resolveTargets({ target, protocol, families: spoken.families, from, namespace }, known);
  if (isRefusal(targets)) return targets;
  const packets = targets.map((to) => packetTo(to, question, known));
  const found = packets.flatMap((packet) => (isRefusal(packet) ? [] : [packet]));
  const [first, ...others] = found;
  if (first !== undefined) return [first, ...others];
  return packets.find(isRefusal) ?? { refused: "nothing leads to the target" };
}

function isNode(source: PacketSource, { host }: Surroundings): boolean {
  return source.kind === "node" || (source.kind === "address" && isLocal(source.address, host));
}

function packetTo(to: ResolvedTarget, question: PacketQuestion, known: Surroundings): ResolvedPacket | Refusal {
  const family = isIpv6(to.address) ? "ipv6" : "ipv4";
  const spoken = sourceFamilies(question.source, known);
  if (isRefusal(spoken)) return spoken;
  if (!spoken.families.includes(family)) {
    const [other = "ipv4"] = spoken.families;
    return {
      refused: `an ${familyNames[other]} source cannot send to ${to.address}, which is ${familyNames[family]}`,
    };
  }
  const from = resolveSource(question.source, { family, destination: to.address }, known);
  if (isRefusal(from)) return from;
  const sources = parseAddressSet(from.address);
  if (sources === undefined) return { refused: `${from.address} is not an IP address` };
  const { inInterface, outInterface, state, mark, entry = from.entry } = question;
  const packet: Packet = {
    entry,
    inInterface,
    outInterface,
    sources,
    destination: to.address,
    protocol: to.protocol,
    port: to.port,
    state,
    mark,
  };
  return { from: from.address, to, fromName: from.name, packet };
}

interface ResolvedSource {
  readonly address: string;
  readonly entry: Entry;
  readonly name: string | undefined;
}

interface Destined {
  readonly family: Family;
  readonly destination: string;
}

/** The families in which the source can send. */
function sourceFamilies(source: PacketSource, known: Surroundings): { readonly families: readonly Family[] } | Refusal {
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
function resolveSource(
  source: PacketSource,
  { family, destination }: Destined,
  known: Surroundings,
): ResolvedSource | Refusal {
  switch (source.kind) {
    case "address":
      return { address: source.address, entry: entryOf(source.address, known), name: undefined };
    case "internet":
      return { address: strangerTo(known, family) ?? `${strangers[family][0]}7`, entry: "outside", name: "internet" };
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
function entryOf(address: string, { host }: Pick<Surroundings, "host">): Entry {
  if (isLocal(address, host)) return "node";
  return contains(host.pods[familyOf(address)], addressNumber(address)) ? "pod" : "outside";
}

/** A hostNetwork pod sends packets as its node does. */
function entryOfPod(address: string, pod: KnownPod, known: Surroundings): Entry {
  const entry = entryOf(address, known);
  if (pod.node === undefined || entry === "node") return entry;
  return pod.node === known.node ? "pod" : "outside";
}

/** The documentation ranges (RFC 5737, RFC 3849 and RFC 9637), and the former one of 6to4 relays. */
const strangers: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ["198.51.100.", "203.0.113.", "192.0.2.", "192.88.99."],
  ipv6: ["2001:db8::", "2001:db8:ffff::", "3fff::"],
};

/** An unused address outside the cluster for which `isWanted` holds. */
export function strangerTo(
  known: Pick<Surroundings, "host" | "isTaken">,
  family: Family,
  isWanted: (address: string) => boolean = () => true,
): string | undefined {
  for (const prefix of strangers[family]) {
    for (let last = 7; last < 200; last += 1) {
      const address = `${prefix}${family === "ipv4" ? last : last.toString(16)}`;
      if (entryOf(address, known) === "outside" && !known.isTaken(address) && isWanted(address)) return address;
    }
  }
  return undefined;
}
