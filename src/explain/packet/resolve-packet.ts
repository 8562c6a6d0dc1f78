import { isIpv6, parseAddressSet } from "../../datapath/address-set.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { ConnectionState, Entry, Packet, Protocol } from "../../datapath/packet.ts";
import { familyNames } from "../../model/address.ts";
import { isRefusal, type PacketSource, type PacketTarget, type Refusal, type Surroundings } from "./question.ts";
import { resolveSource, sourceFamilies } from "./resolve-source.ts";
import { type ResolvedTarget, resolveTargets, type TargetRequest } from "./resolve-target.ts";

export interface PacketQuestion {
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
