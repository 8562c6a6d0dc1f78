import type { AddressIn, InterfaceIs, PortIn, Predicate, RecentIn, Route } from "../ir/datapath.ts";
import {
  type AddressSet,
  addressNumber,
  canonicalAddress,
  contains,
  isAddress,
  isIpv6,
  noAddress,
  parseAddressSet,
  parseTarget,
  unite,
} from "./address-set.ts";
import { matchElements } from "./elements.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { matchLookup } from "./match-lookup.ts";
import { all, type Matched, none, opposite, unknown, within, yesOrNo } from "./matched.ts";
import { hasPorts } from "./packet.ts";
import { chanceOf } from "./share.ts";

/** Which packets of a flow a predicate matches. */
export function matchPacket(predicate: Predicate, flow: Flow, host: EvaluatedHost): Matched {
  // `! --dport 80` matches other ports of the same protocol.
  if (isOfOtherProtocol(predicate, flow)) return none;
  const matched = matchPositive(predicate, flow, host);
  return predicate.negated ? opposite(matched, flow) : matched;
}

function isOfOtherProtocol(predicate: Predicate, flow: Flow): boolean {
  const protocol = protocolOf(flow);
  if (predicate.kind === "tcp-flags") return protocol !== "tcp";
  if (predicate.kind === "port-in" && !hasPorts(flow.packet.protocol)) return true;
  if (predicate.kind !== "port-in" && predicate.kind !== "unknown" && predicate.kind !== "icmp-type") return false;
  return predicate.protocol !== undefined && predicate.protocol !== protocol;
}

/** As `-p` names it: ICMP is a protocol of its own in each family. */
function protocolOf(flow: Flow): string {
  const { protocol } = flow.packet;
  return protocol === "icmp" && familyOf(flow) === "ipv6" ? "icmpv6" : protocol;
}

function matchPositive(predicate: Predicate, flow: Flow, host: EvaluatedHost): Matched {
  switch (predicate.kind) {
    case "address-in":
      return matchAddress(predicate, flow);
    case "port-in":
      return matchPort(predicate, flow);
    case "protocol":
      return yesOrNo(predicate.protocol === protocolOf(flow));
    case "icmp-type":
      // The first packet is an echo request; later ones of its connection may be of any type.
      return isNew(flow) ? yesOrNo(predicate.isEcho) : unknown(predicate.text);
    case "interface":
      return matchInterface(predicate, flow, host);
    case "bridge-port":
      // Pods are assumed to be ports of a bridge, as with most networks. No rule of kube-proxy depends on this alone.
      return yesOrNo(flow.packet.entry === "pod");
    case "local-address":
      return predicate.side === "source"
        ? within(host.local[familyOf(flow)], flow)
        : yesOrNo(isLocal(flow.destination, host));
    case "connection-state":
      return yesOrNo(predicate.states.some((state) => connectionStates(flow).includes(state)));
    case "mark": {
      const mark = predicate.of === "packet" ? flow.mark : flow.connectionMark;
      return mark === undefined ? unknown(predicate.text) : yesOrNo((mark & predicate.mask) >>> 0 === predicate.value);
    }
    case "tcp-flags":
      return matchFlags(predicate, flow);
    case "chance":
      return { kind: "share", share: chanceOf(predicate.numerator, predicate.denominator) };
    case "recent":
      return matchRecent(predicate, flow);
    case "lookup":
      return matchLookup(predicate, flow, host);
    case "element-of":
      return matchElements(predicate.elements, predicate.text, flow, host);
    case "family":
      return yesOrNo((predicate.family === "ip") === (familyOf(flow) === "ipv4"));
    case "balanced":
      return yesOrNo(wasFor(predicate, flow));
    case "never":
      return none;
    case "unknown":
      return unknown(predicate.text);
  }
}

function matchAddress({ side, ranges, text }: AddressIn & { readonly text: string }, flow: Flow): Matched {
  const { bits } = flow.sources;
  const sets = ranges.map(parseAddressSet);
  const known = sets.filter((set) => set !== undefined);
  if (known.length < sets.length) return unknown(text);
  const own = known.filter((set) => set.bits === bits);
  if (side === "destination") {
    const value = own.length === 0 ? 0n : addressNumber(flow.destination);
    return yesOrNo(own.some((set) => contains(set, value)));
  }
  return within(
    own.length === 1 ? (own[0] as AddressSet) : own.length === 0 ? noAddress(bits) : unite(own, bits),
    flow,
  );
}

/** The client's source port is unknown. */
function matchPort({ side, ports, text }: PortIn & { readonly text: string }, { port }: Flow): Matched {
  if (ports === undefined) return all;
  if (side !== "source" && ports.some(({ from, to }) => from <= port && port <= to)) return all;
  if (side === "destination") return none;
  return ports.some(({ from, to }) => from === 0 && to === 65_535) ? all : unknown(text);
}

/** One question in every language: rules of two languages may ask it on the way of one packet, or on two sides. */
function matchInterface({ side, name, isPrefix }: InterfaceIs, flow: Flow, host: EvaluatedHost): Matched {
  const actual = side === "in" ? inInterface(flow) : outInterface(flow, host);
  if (isPrefix && name === "") return all;
  if (actual === undefined)
    return name === "lo" && !isPrefix ? none : unknown(`-${side === "in" ? "i" : "o"} ${name}${isPrefix ? "+" : ""}`);
  return yesOrNo(isPrefix ? actual.startsWith(name) : actual === name);
}

/** A packet from the node itself has no incoming interface until it comes back over lo. */
function inInterface({ packet, hook }: Flow): string | undefined {
  return packet.entry !== "node" ? packet.inInterface : hook === "output" ? "" : "lo";
}

/** None before routing, nor for a packet to the node itself. Undefined where no route shows it. */
function outInterface({ packet, hook, destination }: Flow, host: EvaluatedHost): string | undefined {
  if (hook === "prerouting" || hook === "input") return "";
  if (packet.entry === "node" && isLocal(destination, host)) return "lo";
  return packet.outInterface ?? routeTo(destination, host.world.routes ?? [])?.device;
}

/** The route with the longest prefix; of equal ones the first. */
export function routeTo(address: string, routes: readonly Route[]): Route | undefined {
  const value = addressNumber(address);
  const bits = isIpv6(address) ? 128 : 32;
  let found: { readonly route: Route; readonly size: bigint } | undefined;
  for (const route of routes) {
    const network = parseAddressSet(route.network);
    const [interval] = network?.bits === bits ? network.intervals : [];
    if (interval === undefined || value < interval.from || interval.to < value) continue;
    const size = interval.to - interval.from;
    if (found === undefined || size < found.size) found = { route, size };
  }
  return found?.route;
}

export function familyOf({ sources }: Pick<Flow, "sources">): "ipv4" | "ipv6" {
  return sources.bits === 32 ? "ipv4" : "ipv6";
}

/** What `LOCAL` means: the kernel's local routing table. */
export function isLocal(address: string, { localAddresses }: EvaluatedHost): boolean {
  return localAddresses.has(address) || address.startsWith("127.") || address === "::1";
}

function isNew({ packet }: Flow): boolean {
  return (packet.state ?? "NEW") === "NEW";
}

/** The first packet of a TCP connection has SYN only; the flags of later packets are unknown. */
function matchFlags(predicate: Extract<Predicate, { kind: "tcp-flags" }>, flow: Flow): Matched {
  const { mask, set, text } = predicate;
  if (!isNew(flow)) return mask.length === 0 ? yesOrNo(set.length === 0) : unknown(text);
  const has = mask.filter((flag) => flag === "SYN");
  return yesOrNo(has.length === set.length && has.every((flag) => set.includes(flag)));
}

/**
 * A client that is not in a list does not match, unless a rule entered it on the way; `set` enters it and matches.
 * Whether a list contains a destination is unknown.
 */
function matchRecent(
  { action, list, side, text }: RecentIn & { readonly text: string },
  { packet, remembers }: Flow,
): Matched {
  if (action === "set" || remembers.includes(list)) return all;
  if (side === "destination") return unknown(text);
  return yesOrNo(packet.remembered?.lists.has(list) ?? false);
}

/** Matches the virtual server that the packet was for; false before IPVS has handled the packet. */
function wasFor(predicate: Extract<Predicate, { kind: "balanced" }>, { virtualServer }: Flow): boolean {
  if (virtualServer === undefined) return false;
  const served = parseTarget(virtualServer.address);
  return (
    virtualServer.protocol === predicate.protocol &&
    isAddress(predicate.address) &&
    served?.address === canonicalAddress(predicate.address) &&
    served.port === predicate.port
  );
}

function connectionStates({ state, dnatted, masqueraded }: Flow): readonly string[] {
  return [state, ...(dnatted ? ["DNAT"] : []), ...(masqueraded ? ["SNAT"] : [])];
}
