import { isAddress, printTarget } from "../../datapath/addresses.ts";
import { exactDestination, type LoadedChain, ruleAt } from "../../datapath/chain-index.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { ConnectionState, Protocol } from "../../datapath/packet.ts";
import type { Match, Rule } from "../../languages/iptables/rule.ts";

export const protocols: readonly Protocol[] = ["tcp", "udp", "sctp"];

/** A destination to look at: all packets to it are asked about, from every source. */
export interface Key {
  /** `bound`: a port of one of the addresses of Services that the host carries, which stands for all of them. */
  readonly kind: "address" | "node-port" | "other-ports" | "bound" | "elsewhere";
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly state: ConnectionState;
  /** Whether rules, sets or servers of each of the hosts ask for this address and port. */
  readonly isNamed?: readonly boolean[];
  /** Of an address elsewhere: the smallest network that rules ask for and that it lies in. */
  readonly network?: string;
  /** Of an address elsewhere: the port stands for all that no rule asks for. */
  readonly isAnyPort?: boolean;
}

export function isIpv6Key({ address }: Key): boolean {
  return address.includes(":");
}

/** `10.96.0.10:80/TCP`, `nodePort 30080/TCP`, `10.96.0.10, other ports`, `everything else`. */
export function vipOf({ kind, address, port, protocol, state }: Key): string {
  const name = protocol.toUpperCase();
  switch (kind) {
    case "address":
      return `${printTarget({ address, port })}/${name}`;
    case "node-port":
      return `nodePort ${port}/${name}`;
    case "other-ports":
      return `${address}, other ${name} ports`;
    case "bound":
      return `port ${port}/${name} of Service addresses`;
    case "elsewhere":
      return state === "NEW" ? `all other destinations (${name})` : `packets in conntrack state ${state}`;
  }
}

/** What some rule, set or virtual server of a host asks for by name. */
export interface Mentioned {
  /** By address: `tcp 80`. */
  readonly byAddress: Map<string, Set<string>>;
  /** Asked for without an address: node ports and health checks. */
  readonly anywhere: Set<string>;
  /** Networks that some rule asks for. */
  readonly networks: Set<string>;
}

/** What one host asks for. */
export function mentionedBy(host: EvaluatedHost): Mentioned {
  const mentioned: Mentioned = { byAddress: new Map(), anywhere: new Set(), networks: new Set() };
  noteHost(mentioned, host);
  return mentioned;
}

export function uniteMentioned(all: readonly Mentioned[]): Mentioned {
  const byAddress = new Map<string, Set<string>>();
  for (const each of all) {
    for (const [address, ports] of each.byAddress)
      byAddress.set(address, new Set([...(byAddress.get(address) ?? []), ...ports]));
  }
  const unite = (of: "anywhere" | "networks") => new Set(all.flatMap((each) => [...each[of]]));
  return { byAddress, anywhere: unite("anywhere"), networks: unite("networks") };
}

/** Whether a host asks for a key's address and port. */
export function isMentioned({ byAddress, anywhere }: Mentioned, { kind, address, port, protocol }: Key): boolean {
  const text = `${protocol} ${port}`;
  return byAddress.get(address)?.has(text) === true || (kind === "node-port" && anywhere.has(text));
}

function noteHost(mentioned: Mentioned, host: EvaluatedHost): void {
  for (const family of [host.families.ipv4, host.families.ipv6]) {
    for (const chains of family.tables.values()) for (const chain of chains.values()) noteChain(mentioned, chain);
  }
  for (const server of host.servers.values()) {
    const at = server.address.lastIndexOf(":");
    const address = server.address.slice(0, at).replace(/^\[|\]$/g, "");
    if (host.world.nodeAddresses.includes(address))
      mentioned.anywhere.add(`${server.protocol} ${server.address.slice(at + 1)}`);
    else note(mentioned, address, `${server.protocol} ${server.address.slice(at + 1)}`);
  }
  for (const set of host.sets.values()) for (const { text } of set.entries) noteEntry(mentioned, set.type, text);
}

/** Only rules that name a destination or a port are parsed here: most rules of a large node name neither. */
function noteChain(mentioned: Mentioned, chain: LoadedChain): void {
  for (const [at, line] of chain.lines.entries()) {
    if (line.includes(" --dport ") || line.includes(" -d ") || line.includes(" --dports ") || line.includes(" --dst-t"))
      noteRule(mentioned, ruleAt(chain, at));
  }
}

function noteRule(mentioned: Mentioned, rule: Rule): void {
  const ports = portsOf(rule);
  const address = exactDestination(rule);
  if (address !== undefined) {
    note(mentioned, address, undefined);
    for (const text of ports) note(mentioned, address, text);
    return;
  }
  for (const text of ports) mentioned.anywhere.add(text);
  for (const match of rule.matches) {
    if (match.kind === "destination") mentioned.networks.add(match.range);
    if (match.kind === "address-type") for (const network of typed[match.type] ?? []) mentioned.networks.add(network);
  }
}

/** What the kernel's types of addresses mean; what LOCAL means, every host says itself. */
const typed: Readonly<Record<string, readonly string[]>> = {
  MULTICAST: ["224.0.0.0/4", "ff00::/8"],
  BROADCAST: ["255.255.255.255/32"],
};

function note({ byAddress }: Mentioned, address: string, text: string | undefined): void {
  const ports = byAddress.get(address) ?? new Set<string>();
  byAddress.set(address, ports);
  if (text !== undefined) ports.add(text);
}

/** The ends of each range of ports, and the ports beside it. */
function portsOf({ matches }: Rule): readonly string[] {
  return matches.flatMap((match): readonly string[] => {
    if (match.kind === "unknown") return multiports(match);
    if (match.kind !== "destination-port" || match.ports === undefined) return [];
    const { protocol, ports } = match;
    if (ports.from === ports.to) return [`${protocol} ${ports.from}`];
    const near = [ports.from - 1, ports.from, ports.to, ports.to + 1].filter((port) => port > 0 && port < 65_536);
    return near.map((port) => `${protocol} ${port}`);
  });
}

function multiports({ words }: Extract<Match, { kind: "unknown" }>): readonly string[] {
  const at = words.indexOf("--dports");
  if (at < 0) return [];
  const ports = (words[at + 1] ?? "").split(/[,:]/).filter((port) => /^\d+$/.test(port));
  return ports.flatMap((port) => protocols.map((protocol) => `${protocol} ${port}`));
}

function noteEntry(mentioned: Mentioned, type: string, text: string): void {
  if (type === "bitmap:port") {
    for (const protocol of protocols) mentioned.anywhere.add(`${protocol} ${text}`);
    return;
  }
  if (!/^hash:(?:ip|net)\b/.test(type)) return;
  const [address = "", port = ""] = text.split(",");
  if (!isAddress(address)) {
    mentioned.networks.add(address);
    return;
  }
  note(mentioned, address, undefined);
  const [, protocol, number] = /^(tcp|udp|sctp):(\d+)$/.exec(port) ?? [];
  if (number !== undefined) note(mentioned, address, `${protocol} ${number}`);
}
