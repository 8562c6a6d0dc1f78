import { describeShare, thresholdOne } from "./fork-shares.ts";
import type { OwnChains } from "./own-chains.ts";
import type { Match, PortRange, Rule, Target, TcpFlag } from "./rule.ts";
import { printHex } from "./words.ts";

/**
 * A rule in words: its conditions, then its action. The words may contain text of a dump: the caller must escape
 * control characters when printing them.
 */
export function describeRule({ matches, target }: Pick<Rule, "matches" | "target">, own: OwnChains): string {
  const asked = matches.map(describeMatch).filter((words) => words !== undefined);
  return `${asked.length === 0 ? "every packet" : asked.join(", ")}: ${describeTarget(target, own)}`;
}

/** The condition of a match, as a phrase that completes "a packet ..."; undefined where it matches every packet. */
export function describeMatch(match: Match): string | undefined {
  const words: (match: never, not: string) => string | undefined = matchWords[match.kind];
  return words(match as never, match.negated ? "not " : "");
}

const matchWords: {
  readonly [Kind in Match["kind"]]: (match: Extract<Match, { readonly kind: Kind }>, not: string) => string | undefined;
} = {
  source: (match, not) => `${not}from ${withoutHostPrefix(match.range)}`,
  destination: (match, not) => `${not}to ${withoutHostPrefix(match.range)}`,
  "in-interface": (match, not) => `${not}arriving on ${interfaceName(match.name)}`,
  "out-interface": (match, not) => `${not}leaving on ${interfaceName(match.name)}`,
  protocol: (match, not) => `${not}${protocolName(match.protocol)}`,
  "destination-port": (match, not) => match.ports && `${not}to port ${describePorts(match.ports)}`,
  "source-port": (match, not) => `${not}from port ${describePorts(match.ports)}`,
  multiport: (match, not) => `${not}${multiportSides[match.side]} ${match.ports.map(describePorts).join(", ")}`,
  "tcp-flags": (match) => `${match.negated ? "without" : "with"} TCP flags ${describeFlags(match)}`,
  "address-range": (match, not) =>
    `${not}${match.side === "source" ? "from" : "to"} an address from ${match.from} to ${match.to}`,
  icmp: (match, not) => `${not}of ${match.protocol === "icmp" ? "ICMP" : "ICMPv6"} type ${match.type}`,
  comment: () => undefined,
  "address-type": (match, not) => `${not}${describeAddressType(match)}`,
  conntrack: (match, not) => `in conntrack state ${not}${match.states.join(" or ")}`,
  state: (match, not) => `in conntrack state ${not}${match.states.join(" or ")}`,
  mark: (match) => `${match.negated ? "without" : "with"} mark ${printMark(match)}`,
  connmark: (match) => `of a connection ${match.negated ? "without" : "with"} mark ${printMark(match)}`,
  recent: describeRecent,
  statistic: (match) => `${describeShare(match.negated ? thresholdOne - match.threshold : match.threshold)} at random`,
  nfacct: (match) => `counted in ${match.counter}`,
  set: (match) => `whose ${describeSides(match.sides)} ${match.negated ? "not " : ""}in set ${match.name}`,
  ipvs: (match) => `handled by IPVS for ${protocolName(String(match.protocol))} ${joinPort(match.address, match.port)}`,
  "physdev-is-in": (_match, not) => `${not}arriving on a bridge port`,
  unknown: (match) => `if ${match.words.join(" ")} (not understood)`,
};

/** What a rule does with the packets that match, as a phrase that completes "it will ...". */
export function describeTarget(target: Target, own: OwnChains): string {
  switch (target.kind) {
    case "jump":
      return own.roleOf(target.chain) === "mark" ? "mark for masquerade" : `jump to ${target.chain}`;
    case "accept":
      return "accept, and skip the remaining rules of this table";
    case "drop":
      return "drop silently";
    case "return":
      return "return from this chain";
    case "reject":
      return `reject with ${target.with ?? "icmp-port-unreachable"}`;
    case "goto":
      return `go to ${target.chain} without returning to this chain`;
    case "mark":
      return describeMarking(target, "the mark");
    case "connmark-set":
      return describeMarking(target, "the mark of the connection");
    case "connmark-save":
      return `save the mark in the connection${describeMasks(target)}`;
    case "connmark-restore":
      return `restore the mark from the connection${describeMasks(target)}`;
    case "dnat":
      return `DNAT to ${target.destination}`;
    case "redirect":
      return `redirect to this node${target.ports === undefined ? ", same port" : `, port ${describePorts(target.ports)}`}`;
    case "snat":
      return `SNAT to ${target.source}`;
    case "netmap":
      return `NETMAP: map the network part of the address to ${target.to}`;
    case "notrack":
      return "do not track the connection: the nat table does not see it";
    case "tproxy":
      return `give to a local socket at port ${target.port}, with ${printMarkedBits(target)}`;
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

function interfaceName(name: string): string {
  return name.endsWith("+") ? `an interface ${name.slice(0, -1)}*` : name;
}

function describePorts({ from, to }: PortRange): string {
  return from === to ? `${from}` : `${from} up to ${to}`;
}

const multiportSides = { source: "from port", destination: "to port", either: "from or to port" } as const;

/** `SYN of FIN,SYN,RST,ACK`: the set flags of the mask. */
function describeFlags({ mask, set }: { readonly mask: readonly TcpFlag[]; readonly set: readonly TcpFlag[] }): string {
  return `${set.length === 0 ? "none" : set.join(",")} of ${mask.length === 0 ? "none" : mask.join(",")} set`;
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
function describeMarking({ value, mask }: { readonly value: number; readonly mask: number }, what: string): string {
  if (mask === 0) return `flip bits ${printHex(value)} of ${what}`;
  if (value === 0 && mask !== 0xffffffff) return `clear bits ${printHex(mask)} of ${what}`;
  return mask === value ? `set bits ${printHex(value)} of ${what}` : `set ${what} to ${printMark({ value, mask })}`;
}

function describeMasks(target: { readonly packetMask: number; readonly connectionMask: number }): string {
  const { packetMask, connectionMask } = target;
  if (packetMask === 0xffffffff && connectionMask === 0xffffffff) return "";
  return ` (bits ${printHex(packetMask)} of the packet's, ${printHex(connectionMask)} of the connection's)`;
}

function printMarkedBits({ value, mask }: { readonly value: number; readonly mask: number }): string {
  return mask === 0 && value === 0 ? "its mark unchanged" : `mark ${printMark({ value, mask })}`;
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
