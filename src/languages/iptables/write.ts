import { printProbability } from "./words.ts";

/**
 * Rules as iptables-save 1.8.9 (legacy) prints them. Each function writes one part with a leading blank; the caller
 * keeps iptables-save's order: source, destination, interface, protocol, the matches as given, target.
 */

export type Family = "ipv4" | "ipv6";

export function appendTo(chain: string): string {
  return `-A ${chain}`;
}

export function declare(chain: string): string {
  return `:${chain} - [0:0]`;
}

/** A network in canonical CIDR notation; the whole address space needs no match, and iptables-save prints none. */
export function source(cidr: string): string {
  return cidr === "0.0.0.0/0" || cidr === "::/0" ? "" : ` -s ${cidr}`;
}

export function notSource(cidr: string): string {
  return ` ! -s ${cidr}`;
}

export function destination(cidr: string): string {
  return ` -d ${cidr}`;
}

export function notDestination(cidr: string): string {
  return ` ! -d ${cidr}`;
}

/** `name` may end in the wildcard "+". */
export function inInterface(name: string): string {
  return ` -i ${name}`;
}

export function notInInterface(name: string): string {
  return ` ! -i ${name}`;
}

export function protocol(name: string): string {
  return ` -p ${name}`;
}

/** Always quoted: every comment here contains a blank or a slash, which iptables-save quotes. */
export function comment(text: string): string {
  return ` -m comment --comment "${text}"`;
}

/** A comment that may contain quotes, which iptables-save escapes. */
export function quotedComment(text: string): string {
  return comment(text.replace(/["'\\]/g, "\\$&"));
}

/** `sides` is the direction for each field of the set: `dst,dst,src`. */
export function inSet(name: string, sides: string): string {
  return ` -m set --match-set ${name} ${sides}`;
}

/** The packet did not come in through a bridge port. */
export function notFromBridge(): string {
  return " -m physdev ! --physdev-is-in";
}

const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const;

/** The packet belongs to a connection of this virtual server. */
export function ipvsService(protocolName: keyof typeof protocolNumbers, ip: string, port: number): string {
  return ` -m ipvs --vproto ${protocolNumbers[protocolName]} --vaddr ${ip} --vport ${port}`;
}

export function destinationPort(protocolName: string, port: number): string {
  return ` -m ${protocolName} --dport ${port}`;
}

/** The protocol's match without options, which DNAT with a port needs besides `-p`. */
export function protocolMatch(name: string): string {
  return ` -m ${name}`;
}

export function addressType(side: "src" | "dst", type: string): string {
  return ` -m addrtype --${side}-type ${type}`;
}

export function notAddressType(side: "src" | "dst", type: string): string {
  return ` -m addrtype ! --${side}-type ${type}`;
}

export function conntrackState(states: string): string {
  return ` -m conntrack --ctstate ${states}`;
}

export function notConntrackState(states: string): string {
  return ` -m conntrack ! --ctstate ${states}`;
}

export function mark(value: number): string {
  return ` -m mark --mark ${hex(value)}/${hex(value)}`;
}

export function notMark(value: number): string {
  return ` -m mark ! --mark ${hex(value)}/${hex(value)}`;
}

/** The counter's name follows two blanks: a quirk of the match's print function. */
export function nfacct(counter: string): string {
  return ` -m nfacct --nfacct-name  ${counter}`;
}

/** Matches one packet in `n`, by chance. */
export function statisticRandom(n: number): string {
  return ` -m statistic --mode random --probability ${probabilityOneIn(n)}`;
}

const probabilities: string[] = [];

/**
 * The kernel keeps a probability as 31 bits, so 1/3 comes back as 0.33333333349. kube-proxy writes ten decimals,
 * the kernel rounds to t/2^31, iptables-save prints eleven.
 */
export function probabilityOneIn(n: number): string {
  let text = probabilities[n];
  if (text === undefined) {
    const written = Number((1 / n).toFixed(10));
    text = printProbability(Math.round(written * 2 ** 31));
    probabilities[n] = text;
  }
  return text;
}

const wholeAddress: Readonly<Record<Family, string>> = {
  ipv4: "255.255.255.255",
  ipv6: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

/** Matches sources entered into the list within the last `seconds`, and deletes older ones. */
export function recentCheck(list: string, seconds: number, family: Family): string {
  return ` -m recent --rcheck --seconds ${seconds} --reap --name ${list} --mask ${wholeAddress[family]} --rsource`;
}

/** Enters the source into the list. */
export function recentSet(list: string, family: Family): string {
  return ` -m recent --set --name ${list} --mask ${wholeAddress[family]} --rsource`;
}

export function jump(target: string): string {
  return ` -j ${target}`;
}

export function reject(family: Family): string {
  return ` -j REJECT --reject-with ${family === "ipv4" ? "icmp-port-unreachable" : "icmp6-port-unreachable"}`;
}

/** `target` is `10.0.0.1:80` or `[fd00::1]:80`. */
export function dnat(target: string): string {
  return ` -j DNAT --to-destination ${target}`;
}

export function setMarkBit(bit: number): string {
  return ` -j MARK --set-xmark ${hex(bit)}/${hex(bit)}`;
}

export function flipMarkBit(bit: number): string {
  return ` -j MARK --set-xmark ${hex(bit)}/0x0`;
}

export function masquerade(randomFully: boolean): string {
  return randomFully ? " -j MASQUERADE --random-fully" : " -j MASQUERADE";
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
