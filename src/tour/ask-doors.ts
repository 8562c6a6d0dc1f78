import {
  addressNumber,
  contains,
  firstAddress,
  isIpv6,
  lastAddress,
  numberAddress,
  parseAddressSet,
  printTarget,
} from "../datapath/address-set.ts";
import { evaluatePacket } from "../datapath/evaluate-packet.ts";
import { isLocal } from "../datapath/match-packet.ts";
import type { Entry, Outcome, Protocol } from "../datapath/packet.ts";
import { plus, type Share, shareNumber } from "../datapath/share.ts";
import { foldOutcomes } from "../explain/packet/fold-outcomes.ts";
import type { PacketQuery } from "../explain/packet/packet-query.ts";
import { strangerTo } from "../explain/packet/resolve-packet.ts";
import { type Family, families } from "../model/address.ts";
import type { Service, ServicePort } from "../model/objects/service.ts";
import type { TourAnswer, TourClient, TourDoor, TourOutcome } from "./tour.ts";

/** An address that a service port answers on, in a family. */
export interface Door extends Omit<TourDoor, "answers"> {
  readonly family: Family;
}

/** The addresses of a service port: those for clients outside the cluster first. */
export function doorsOf(service: Service, { port, nodePort }: ServicePort): readonly Door[] {
  const at = (kind: Door["kind"], { address: { text, family } }: Service["externalIps"][number]): Door => ({
    kind,
    address: text,
    port,
    family,
  });
  const own = families.filter((family) => service.clusterIps[family] !== undefined);
  return [
    ...service.loadBalancerIps.map((vip) => at("load balancer IP", vip)),
    ...service.externalIps.map((vip) => at("external IP", vip)),
    ...(nodePort === undefined
      ? []
      : own.map((family): Door => ({ kind: "node port", address: null, port: nodePort, family }))),
    ...own.flatMap((family) => {
      const vip = service.clusterIps[family];
      return vip === undefined ? [] : [at("cluster IP", vip)];
    }),
  ];
}

interface Client extends TourClient {
  readonly entry: Entry;
}

/** What a Service has on this node and elsewhere, to tell which of its endpoints answered. */
export interface KnownEndpoints {
  readonly nodeOf: (address: string) => string | undefined;
  /** Whether ready endpoints are on several nodes. */
  readonly isSpread: boolean;
}

/** What packets meet at a door, on one node: one answer for each kind of client. */
export function askDoor(
  door: Door,
  { service, port }: { readonly service: Service; readonly port: ServicePort },
  { query, known }: { readonly query: PacketQuery; readonly known: KnownEndpoints },
): readonly Omit<TourAnswer, "nodes">[] {
  const { context } = query;
  const destination = door.address ?? context.nodeAddresses[door.family];
  if (destination === undefined) return [];
  const protocol = port.protocol.toLowerCase() as Protocol;
  return clientsOf(door, service, context).map(({ entry, ...client }) => {
    const sources = parseAddressSet(client.address);
    if (sources === undefined) throw new Error(`${client.address} is not an address`);
    const packet = { entry, sources, destination, protocol, port: door.port };
    const found = foldOutcomes(evaluatePacket(context.host, packet));
    const ends = found.flatMap(({ verdict }) => (verdict.kind === "delivered" ? [verdict.target.address] : []));
    const isHere = ends.length > 0 && ends.every((end) => known.nodeOf(end) === context.node);
    return { asked: context.node, client, outcomes: mergeOutcomes(found), isLocal: known.isSpread && isHere };
  });
}

type Context = PacketQuery["context"];

function clientsOf(door: Door, { sourceRanges }: Service, context: Context): readonly Client[] {
  if (door.kind === "cluster IP") return [podOn(door.family, context)];
  const ranges = sourceRanges.filter(({ cidr }) => cidr.family === door.family).map(({ cidr }) => cidr.text);
  const [first] = ranges;
  const allowed = first === undefined || door.kind !== "load balancer IP" ? undefined : insideOf(first, context);
  const outside = (kind: "outside" | "others", besides: readonly string[]): readonly Client[] => {
    const isOther = (address: string): boolean => !besides.some((range) => isInside(range, address));
    const address = strangerTo(context, door.family, isOther);
    return address === undefined ? [] : [{ kind, address, entry: "outside" }];
  };
  if (allowed === undefined) return outside("outside", []);
  return [{ kind: "allowed", address: allowed, ranges, entry: "outside" }, ...outside("others", ranges)];
}

/** A pod of this node: an address of its pod ranges that no endpoint has, or else one near an endpoint. */
function podOn(family: Family, { host, isTaken }: Context): Client {
  const own = host.pods[family];
  const last = lastAddress(own);
  const near = last ?? (family === "ipv4" ? "10.255.255.254" : "fd00:ffff::fffe");
  const address = freeBelow(near, (each) => !isTaken(each) && !isLocal(each, host));
  return { kind: "pods", address: address ?? near, entry: "pod" };
}

/** The ends of a range are its broadcast address and its network. */
function freeBelow(last: string, isFree: (address: string) => boolean): string | undefined {
  const bits = isIpv6(last) ? 128 : 32;
  for (let value = addressNumber(last) - 1n, tries = 0; value > 0n && tries < 300; value -= 1n, tries += 1) {
    const address = numberAddress(value, bits);
    if (isFree(address)) return address;
  }
  return undefined;
}

function insideOf(range: string, { isTaken }: Context): string | undefined {
  const set = parseAddressSet(range);
  const [first, last] = set === undefined ? [] : [firstAddress(set), lastAddress(set)];
  if (set === undefined || first === undefined || last === undefined) return undefined;
  return first === last
    ? first
    : (freeBelow(last, (address) => isInside(range, address) && !isTaken(address)) ?? first);
}

function isInside(range: string, address: string): boolean {
  const set = parseAddressSet(range);
  return set !== undefined && contains(set, addressNumber(address));
}

/** Several paths to one end are one outcome here. */
function mergeOutcomes(outcomes: readonly Outcome[]): readonly TourOutcome[] {
  const merged = new Map<string, { readonly outcome: Omit<TourOutcome, "share">; readonly share: Share }>();
  for (const { share, verdict, masqueraded, affinity } of outcomes) {
    const outcome: Omit<TourOutcome, "share"> =
      verdict.kind !== "delivered"
        ? { verdict: verdict.kind }
        : {
            verdict: verdict.kind,
            destination: printTarget(verdict.target),
            sees: masqueraded ? "node" : "client",
            ...(affinity === undefined ? {} : { affinitySeconds: affinity }),
          };
    const key = JSON.stringify(outcome);
    const known = merged.get(key);
    merged.set(key, { outcome, share: known === undefined ? share : plus(known.share, share) });
  }
  return [...merged.values()].map(({ outcome, share }) => ({ ...outcome, share: shareNumber(share) }));
}
