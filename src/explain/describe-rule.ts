import type { Match, Rule, Target } from "../languages/iptables/rule.ts";
import { printHex } from "../languages/iptables/words.ts";
import { iptablesChains } from "../programs/kube-proxy/chain-names.ts";
import { describeShare, thresholdOne } from "./share.ts";

/**
 * A rule in words: what it asks of a packet, then what it does with it. Words of a dump may be in it as they stand:
 * whoever prints it escapes control characters.
 */
export function describeRule({ matches, target }: Pick<Rule, "matches" | "target">): string {
  const asked = matches.map(describeMatch).filter((words) => words !== undefined);
  return `${asked.length === 0 ? "every packet" : asked.join(", ")}: ${describeTarget(target)}`;
}

/** What a match asks for, as a phrase that completes "a packet ..."; undefined where it asks for nothing. */
export function describeMatch(match: Match): string | undefined {
  const not = match.negated ? "not " : "";
  switch (match.kind) {
    case "source":
      return `${not}from ${withoutHostPrefix(match.range)}`;
    case "destination":
      return `${not}to ${withoutHostPrefix(match.range)}`;
    case "in-interface":
      return `${not}arriving on ${match.name.endsWith("+") ? `an interface ${match.name.slice(0, -1)}*` : match.name}`;
    case "protocol":
      return `${not}${protocolName(match.protocol)}`;
    case "destination-port":
      return match.ports && `${not}to port ${match.ports.from}${portsEnd(match.ports)}`;
    case "comment":
      return undefined;
    case "address-type":
      return `${not}${describeAddressType(match)}`;
    case "conntrack":
      return `in conntrack state ${not}${match.states.join(" or ")}`;
    case "mark":
      return `${match.negated ? "without" : "with"} mark ${printMark(match)}`;
    case "recent":
      return describeRecent(match);
    case "statistic":
      return `${describeShare(match.negated ? thresholdOne - match.threshold : match.threshold)} at random`;
    case "nfacct":
      return `counted in ${match.counter}`;
    case "set":
      return `whose ${describeSides(match.sides)} ${match.negated ? "not " : ""}in set ${match.name}`;
    case "ipvs":
      return `handled by IPVS for ${protocolName(String(match.protocol))} ${joinPort(match.address, match.port)}`;
    case "physdev-is-in":
      return `${not}arriving on a bridge port`;
    case "unknown":
      return `if ${match.words.join(" ")} (not understood)`;
  }
}

/** What a rule does with the packets that match, as a phrase that completes "it will ...". */
export function describeTarget(target: Target): string {
  switch (target.kind) {
    case "jump":
      return target.chain === iptablesChains.markMasquerade ? "mark for masquerade" : `jump to ${target.chain}`;
    case "accept":
      return "accept, and skip the remaining rules of this table";
    case "drop":
      return "drop silently";
    case "return":
      return "return from this chain";
    case "reject":
      return `reject with ${target.with ?? "icmp-port-unreachable"}`;
    case "mark":
      return describeMarking(target);
    case "dnat":
      return `DNAT to ${target.destination}`;
    case "masquerade":
      return `masquerade: SNAT to this node's address${target.randomFully ? ", random source port" : ""}`;
    case "none":
      return "do nothing, continue with the next rule";
    case "unknown":
      return `${target.words.join(" ")} (not understood)`;
  }
}

function withoutHostPrefix(range: string): string {
  return range.replace(range.includes(":") ? /\/128$/ : /\/32$/, "");
}

function portsEnd({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? "" : ` up to ${to}`;
}

const protocolNumbers: Readonly<Record<string, string>> = { "6": "TCP", "17": "UDP", "132": "SCTP" };

function protocolName(protocol: string): string {
  return protocolNumbers[protocol] ?? protocol.toUpperCase();
}

function joinPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function describeAddressType({ side, type }: Extract<Match, { kind: "address-type" }>): string {
  const preposition = side === "source" ? "from" : "to";
  return type === "LOCAL" ? `${preposition} an address of this node` : `${preposition} an address of type ${type}`;
}

function printMark({ value, mask }: { readonly value: number; readonly mask: number }): string {
  return mask === 0xffffffff || mask === value ? printHex(value) : `${printHex(value)} in bits ${printHex(mask)}`;
}

/** `--set-xmark value/mask` clears the bits of the mask, then flips those of the value. */
function describeMarking({ value, mask }: { readonly value: number; readonly mask: number }): string {
  if (mask === 0) return `flip bits ${printHex(value)} of the mark`;
  return mask === value ? `set bits ${printHex(value)} of the mark` : `set the mark to ${printMark({ value, mask })}`;
}

function describeRecent({ negated, action, seconds, name, side }: Extract<Match, { kind: "recent" }>): string {
  const whose = side === "rsource" ? "source" : "destination";
  if (action === "set") return `after its ${whose} is added to list ${name}`;
  const within = seconds === undefined ? "" : `, seen in the last ${seconds} s`;
  const again = action === "update" ? ", and refreshed there" : "";
  return `whose ${whose} is ${negated ? "not " : ""}in list ${name}${within}${again}`;
}

function describeSides(sides: readonly ("src" | "dst")[]): string {
  const words = [...new Set(sides)].map((side) => (side === "src" ? "source" : "destination"));
  return words.length > 1 ? `${words.join(" and ")} are` : `${words.join("")} is`;
}
