import { isIpv6, parseAddressSet } from "../../datapath/address-set.ts";
import type { ConnectionState, Entry, Packet, Protocol } from "../../datapath/packet.ts";
import { familyNames } from "../../model/address.ts";
import { isRefusal, type PacketSource, type PacketTarget, type Refusal, type Surroundings } from "./question.ts";
import { resolveSource, sourceFamilies } from "./resolve-source.ts";
import { type ResolvedTarget, resolveTarget } from "./resolve-target.ts";

export interface PacketQuestion {
  readonly source: PacketSource;
  readonly target: PacketTarget;
  readonly protocol: Protocol | undefined;
  readonly entry: Entry | undefined;
  readonly inInterface: string | undefined;
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

/** Finds the addresses of the names in a request. */
export function resolvePacket(question: PacketQuestion, known: Surroundings): ResolvedPacket | Refusal {
  const spoken = sourceFamilies(question.source, known);
  if (isRefusal(spoken)) return spoken;
  const { target, protocol } = question;
  const to = resolveTarget({ target, protocol, families: spoken.families }, known.services);
  if (isRefusal(to)) return to;
  const family = isIpv6(to.address) ? "ipv6" : "ipv4";
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
  const entry = question.entry ?? from.entry;
  const { inInterface, state, mark } = question;
  const packet: Packet = {
    entry,
    inInterface,
    sources,
    destination: to.address,
    protocol: to.protocol,
    port: to.port,
    state,
    mark,
  };
  return { from: from.address, to, fromName: from.name, packet };
}
