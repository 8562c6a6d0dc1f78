import type { Match } from "../languages/iptables/rule.ts";
import { type AddressSet, contains, intersect, isEmpty, noAddress, parseAddressSet, subtract } from "./address-set.ts";
import { addressNumber, canonicalAddress, isAddress, parseTarget } from "./addresses.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { matchSet } from "./match-set.ts";
import { matchUnmodelled } from "./match-unknown.ts";
import { chanceOf, everything, minus, type Share } from "./share.ts";

/** Which of the packets of a flow a match lets through. */
export type Matched =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  /** Those of these sources; never all of the flow's, never none. */
  | { readonly kind: "sources"; readonly sources: AddressSet }
  | { readonly kind: "share"; readonly share: Share }
  /** Nobody can tell by the text; the packets pass for which the answer to `what` is this one. */
  | { readonly kind: "unknown"; readonly what: string; readonly answer: boolean };

export const all: Matched = { kind: "all" };
export const none: Matched = { kind: "none" };

export function matchPacket(match: Match, flow: Flow, host: EvaluatedHost): Matched {
  const matched = matchPositive(match, flow, host);
  if (!match.negated) return matched;
  return matched.kind === "sources"
    ? { kind: "sources", sources: subtract(flow.sources, matched.sources) }
    : opposite(matched);
}

/** What `!` makes of a match that does not divide by source. */
export function opposite(matched: Matched): Matched {
  switch (matched.kind) {
    case "all":
      return none;
    case "none":
      return all;
    case "sources":
      return matched;
    case "share":
      return { kind: "share", share: minus(everything, matched.share) };
    case "unknown":
      return { ...matched, answer: !matched.answer };
  }
}

function matchPositive(match: Match, flow: Flow, host: EvaluatedHost): Matched {
  switch (match.kind) {
    case "source":
      return sourcesIn(match.range, flow);
    case "destination":
      return matchDestination(match.range, flow);
    case "in-interface":
      return matchInterface(match.name, flow);
    case "protocol":
      return matchProtocol(match.protocol, flow);
    case "destination-port": {
      if (match.protocol !== flow.packet.protocol) return none;
      const { ports } = match;
      return yesOrNo(ports === undefined || (ports.from <= flow.port && flow.port <= ports.to));
    }
    case "address-type":
      return matchAddressType(match, flow, host);
    case "conntrack":
      return yesOrNo(match.states.some((state) => connectionStates(flow).includes(state)));
    case "mark":
      return yesOrNo((flow.mark & match.mask) >>> 0 === match.value);
    case "recent":
      return matchRecent(match, flow);
    case "statistic":
      return { kind: "share", share: chanceOf(match.threshold) };
    case "set":
      return matchSet(match, flow, host);
    case "ipvs":
      return yesOrNo(wasFor(match, flow));
    case "physdev-is-in":
      // Pods are plugged into a bridge, as with most networks. No rule of kube-proxy's makes this alone decide.
      return yesOrNo(flow.packet.entry === "pod");
    case "comment":
    case "nfacct":
      return all;
    case "unknown":
      return matchUnmodelled(match.words, flow, host);
  }
}

export function unknown(what: string): Matched {
  return { kind: "unknown", what, answer: true };
}

export function yesOrNo(answer: boolean): Matched {
  return answer ? all : none;
}

/** Those of the flow's sources that lie in a set. */
export function within(sources: AddressSet, flow: Flow): Matched {
  const hit = intersect(flow.sources, sources);
  if (isEmpty(hit)) return none;
  return isEmpty(subtract(flow.sources, hit)) ? all : { kind: "sources", sources: hit };
}

function sourcesIn(range: string, flow: Flow): Matched {
  const sources = parseAddressSet(range);
  if (sources === undefined) return unknown(`-s ${range}`);
  return within(sources.bits === flow.sources.bits ? sources : noAddress(flow.sources.bits), flow);
}

function matchDestination(range: string, flow: Flow): Matched {
  return parseAddressSet(range) === undefined ? unknown(`-d ${range}`) : yesOrNo(destinationIn(range, flow));
}

function destinationIn(range: string, flow: Flow): boolean {
  const set = parseAddressSet(range);
  return set !== undefined && set.bits === flow.sources.bits && contains(set, addressNumber(flow.destination));
}

/** `icmp` and the like are never asked of: packets here have ports. */
function matchProtocol(protocol: string, { packet }: Flow): Matched {
  const numbers: Readonly<Record<string, string>> = { "6": "tcp", "17": "udp", "132": "sctp" };
  return yesOrNo((numbers[protocol] ?? protocol) === packet.protocol || protocol === "all" || protocol === "0");
}

function matchInterface(name: string, { packet, hook }: Flow): Matched {
  // What a node sends comes in by no interface before it is back over lo.
  const inInterface = packet.entry !== "node" ? packet.inInterface : hook === "OUTPUT" ? "" : "lo";
  if (inInterface === undefined) return name === "lo" ? none : unknown(`-i ${name}`);
  return yesOrNo(name.endsWith("+") ? inInterface.startsWith(name.slice(0, -1)) : inInterface === name);
}

function matchAddressType(
  { side, type }: Extract<Match, { kind: "address-type" }>,
  flow: Flow,
  host: EvaluatedHost,
): Matched {
  const what = `-m addrtype --${side === "source" ? "src" : "dst"}-type ${type}`;
  const ranges: Readonly<Record<string, readonly string[]>> = {
    MULTICAST: ["224.0.0.0/4", "ff00::/8"],
    BROADCAST: ["255.255.255.255/32"],
  };
  if (type === "LOCAL") {
    return side === "source" ? within(host.local[familyOf(flow)], flow) : yesOrNo(isLocal(flow.destination, host));
  }
  const known = ranges[type];
  if (known === undefined || side === "source") return unknown(what);
  return yesOrNo(known.some((range) => destinationIn(range, flow)));
}

export function familyOf({ sources }: Flow): "ipv4" | "ipv6" {
  return sources.bits === 32 ? "ipv4" : "ipv6";
}

/** What `LOCAL` means: the kernel's local routing table. */
export function isLocal(address: string, { localAddresses }: EvaluatedHost): boolean {
  return localAddresses.has(address) || address.startsWith("127.") || address === "::1";
}

/**
 * A client that is not remembered is found in no list, unless it was entered on the way; `--set` enters it and goes on.
 * Of destinations nobody says what is remembered.
 */
function matchRecent({ action, name, side }: Extract<Match, { kind: "recent" }>, { packet, remembers }: Flow): Matched {
  if (action === "set" || remembers.includes(name)) return all;
  if (side === "rdest") return unknown(`-m recent --${action} --name ${name} --rdest`);
  return yesOrNo(packet.remembered?.lists.has(name) ?? false);
}

/** By the virtual server the packet was for; nothing before IPVS has seen it. */
function wasFor(match: Extract<Match, { kind: "ipvs" }>, { virtualServer }: Flow): boolean {
  if (virtualServer === undefined) return false;
  const served = parseTarget(virtualServer.address);
  const protocol = { tcp: 6, udp: 17, sctp: 132 }[virtualServer.protocol];
  return (
    protocol === match.protocol &&
    isAddress(match.address) &&
    served?.address === canonicalAddress(match.address) &&
    served.port === match.port
  );
}

function connectionStates({ state, translated, masqueraded }: Flow): readonly string[] {
  return [state, ...(translated ? ["DNAT"] : []), ...(masqueraded ? ["SNAT"] : [])];
}
