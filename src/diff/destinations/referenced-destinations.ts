import { isAddress, parseAddressSet, printCidrs, printTarget } from "../../datapath/address-set.ts";
import { exactDestination, ruleAt } from "../../datapath/chain-index.ts";
import { conditionsOf, elementSets } from "../../datapath/elements.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import { type ConnectionState, hasPorts, type Protocol } from "../../datapath/packet.ts";
import type { Elements, LoadedChain, LookupEntry, PacketRule, Predicate } from "../../ir/datapath.ts";

export const protocols: readonly Protocol[] = ["tcp", "udp", "sctp"];

/** A destination to compare: all packets to it, from every source. */
export interface Destination {
  /** `bound`: a port of a Service address that is bound to the host, as an example of all such addresses. */
  readonly kind: "address" | "node-port" | "other-ports" | "bound" | "elsewhere";
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly state: ConnectionState;
  /** For each host: whether its rules, sets or virtual servers name this address and port. */
  readonly isNamed?: readonly boolean[];
  /** Of an address elsewhere: the smallest network in a rule that contains it. */
  readonly network?: string;
  /** Of an address elsewhere: the port is an example of all ports that no rule matches. */
  readonly isAnyPort?: boolean;
}

export function isIpv6Destination({ address }: Destination): boolean {
  return address.includes(":");
}

/** `10.96.0.10:80/TCP`, `nodePort 30080/TCP`, `10.96.0.10, other ports`, `everything else`. */
export function vipOf({ kind, address, port, protocol, state }: Destination): string {
  const name = protocol.toUpperCase();
  switch (kind) {
    case "address":
      return `${printTarget({ address, port })}/${name}`;
    case "node-port":
      return `nodePort ${port}/${name}`;
    case "other-ports":
      if (!hasPorts(protocol)) return `ping to ${address}`;
      return `${address}, other ${name} ports`;
    case "bound":
      return `port ${port}/${name} of Service addresses`;
    case "elsewhere":
      return state === "NEW" ? `all other destinations (${name})` : `packets in conntrack state ${state}`;
  }
}

/** The destinations that rules, sets and virtual servers of a host name. */
export interface ReferencedDestinations {
  /** By address: `tcp 80`. */
  readonly byAddress: Map<string, Set<string>>;
  /** Ports that rules match without an address: node ports and health checks. */
  readonly anywhere: Set<string>;
  /** Networks that rules match. */
  readonly networks: Set<string>;
}

/** Collects the referenced destinations of one host. */
export function referencedDestinations(host: EvaluatedHost): ReferencedDestinations {
  const referenced: ReferencedDestinations = { byAddress: new Map(), anywhere: new Set(), networks: new Set() };
  noteHost(referenced, host);
  return referenced;
}

export function uniteReferenced(all: readonly ReferencedDestinations[]): ReferencedDestinations {
  const byAddress = new Map<string, Set<string>>();
  for (const each of all) {
    for (const [address, ports] of each.byAddress)
      byAddress.set(address, new Set([...(byAddress.get(address) ?? []), ...ports]));
  }
  const unite = (of: "anywhere" | "networks") => new Set(all.flatMap((each) => [...each[of]]));
  return { byAddress, anywhere: unite("anywhere"), networks: unite("networks") };
}

/** Whether a host references a destination's address and port. */
export function isReferenced(
  { byAddress, anywhere }: ReferencedDestinations,
  { kind, address, port, protocol }: Destination,
): boolean {
  const text = `${protocol} ${port}`;
  return byAddress.get(address)?.has(text) === true || (kind === "node-port" && anywhere.has(text));
}

function noteHost(referenced: ReferencedDestinations, host: EvaluatedHost): void {
  for (const family of [host.families.ipv4, host.families.ipv6]) {
    for (const chains of family.tables.values()) for (const chain of chains.values()) noteChain(referenced, chain);
  }
  for (const server of host.servers.values()) {
    const at = server.address.lastIndexOf(":");
    const address = server.address.slice(0, at).replace(/^\[|\]$/g, "");
    if (host.world.nodeAddresses.includes(address))
      referenced.anywhere.add(`${server.protocol} ${server.address.slice(at + 1)}`);
    else note(referenced, address, `${server.protocol} ${server.address.slice(at + 1)}`);
  }
  for (const set of host.sets.values()) for (const entry of set.entries) noteEntry(referenced, entry);
}

/** Only rules that match a destination or a port are parsed here: most rules of a large node match neither. */
function noteChain(referenced: ReferencedDestinations, chain: LoadedChain): void {
  for (const [at, line] of chain.lines.entries()) {
    if (chain.reader.mayAskDestination(line)) noteRule(referenced, ruleAt(chain, at));
  }
}

function noteRule(referenced: ReferencedDestinations, rule: PacketRule): void {
  noteConditions(referenced, { predicates: conditionsOf(rule) });
  for (const elements of elementSets(rule)) {
    if (noted.get(elements) === referenced) continue;
    noted.set(elements, referenced);
    for (const entry of elements.entries) noteConditions(referenced, entry);
  }
}

/** Several rules may ask one set. */
const noted = new WeakMap<Elements, ReferencedDestinations>();

function noteConditions(referenced: ReferencedDestinations, rule: Pick<PacketRule, "predicates">): void {
  const ports = rule.predicates.flatMap(portsOf).filter((text) => isOfProtocol(rule.predicates, text));
  const address = exactDestination(rule);
  if (address !== undefined) {
    note(referenced, address, undefined);
    for (const text of ports) note(referenced, address, text);
    return;
  }
  for (const text of ports) referenced.anywhere.add(text);
  for (const predicate of rule.predicates) {
    if (predicate.kind !== "address-in" || predicate.side !== "destination") continue;
    for (const range of predicate.ranges) noteRange(referenced, range);
  }
}

/** Whether the conditions let on packets of the protocol of `tcp 80`. */
function isOfProtocol(predicates: readonly Predicate[], text: string): boolean {
  return predicates.every(
    (predicate) => predicate.kind !== "protocol" || text.startsWith(`${predicate.protocol} `) !== predicate.negated,
  );
}

/** Networks are nested or disjoint. A range that is not a network is split into several. */
function noteRange({ networks }: ReferencedDestinations, range: string): void {
  const set = range.includes("-") ? parseAddressSet(range) : undefined;
  for (const network of set === undefined ? [range] : printCidrs(set)) networks.add(network);
}

function note({ byAddress }: ReferencedDestinations, address: string, text: string | undefined): void {
  const ports = byAddress.get(address) ?? new Set<string>();
  byAddress.set(address, ports);
  if (text !== undefined) ports.add(text);
}

/** The first and last port of each range, and the ports next to it. */
function portsOf(predicate: Predicate): readonly string[] {
  if (predicate.kind !== "port-in" || predicate.side === "source") return [];
  const near = (predicate.ports ?? []).flatMap(({ from, to }) => (from === to ? [from] : [from - 1, from, to, to + 1]));
  const asked = protocols.filter((protocol) => predicate.protocol === undefined || predicate.protocol === protocol);
  return near
    .filter((port) => port > 0 && port < 65_536)
    .flatMap((port) => asked.map((protocol) => `${protocol} ${port}`));
}

function noteEntry(referenced: ReferencedDestinations, { parts: [first, second] }: LookupEntry): void {
  if (first === undefined) return;
  if (first.kind === "ports") {
    const { from, to } = first.ports;
    for (const protocol of protocols) for (const port of [from, to]) referenced.anywhere.add(`${protocol} ${port}`);
    return;
  }
  if (!isAddress(first.range)) {
    noteRange(referenced, first.range);
    return;
  }
  note(referenced, first.range, undefined);
  if (second?.kind !== "ports" || second.ports.from !== second.ports.to) return;
  for (const protocol of second.protocols) note(referenced, first.range, `${protocol} ${second.ports.from}`);
}
