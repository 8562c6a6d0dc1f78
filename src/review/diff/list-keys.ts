import { parseAddressSet } from "../../evaluate/address-set.ts";
import { isAddress } from "../../evaluate/addresses.ts";
import { exactDestination } from "../../evaluate/chain-index.ts";
import type { EvaluatedHost } from "../../evaluate/host.ts";
import { type LoadedChain, ruleAt } from "../../evaluate/loaded-chain.ts";
import { isLocal } from "../../evaluate/match-packet.ts";
import type { Protocol } from "../../evaluate/packet.ts";
import type { Match, Rule } from "../../tools/iptables/parsed.ts";
import { chooseElsewhere, type Elsewhere } from "./choose-elsewhere.ts";
import type { Key } from "./key.ts";

const protocols: readonly Protocol[] = ["tcp", "udp", "sctp"];

/** What some rule, set or virtual server of a host asks for by name. */
interface Mentioned {
  /** By address: `tcp 80`. */
  readonly byAddress: Map<string, Set<string>>;
  /** Asked for without an address: node ports and health checks. */
  readonly anywhere: Set<string>;
  /** Networks that some rule asks for. */
  readonly networks: Set<string>;
}

/**
 * Every destination that either host treats as something of its own, and one for each kind of destination that none
 * names. Two hosts that agree on all of these agree on every packet of these families, protocols and states.
 */
export function listKeys(hosts: readonly EvaluatedHost[]): readonly Key[] {
  const mentioned: Mentioned = { byAddress: new Map(), anywhere: new Set(), networks: new Set() };
  for (const host of hosts) noteHost(mentioned, host);
  const unused = unusedPort(mentioned);
  const keys: Key[] = [];
  const nodeAddresses = [...new Set(hosts.flatMap(({ world }) => world.nodeAddresses)), ...loopbacks(hosts)];
  for (const [address, ports] of mentioned.byAddress) {
    for (const text of ports) keys.push(keyOf("address", address, text));
    for (const protocol of protocols) keys.push(keyOf("other-ports", address, `${protocol} ${unused}`));
  }
  for (const address of nodeAddresses) {
    const own = mentioned.byAddress.get(address);
    for (const text of mentioned.anywhere) if (!own?.has(text)) keys.push(keyOf("node-port", address, text));
    if (own !== undefined) continue;
    for (const protocol of protocols) keys.push(keyOf("other-ports", address, `${protocol} ${unused}`));
  }
  for (const address of boundAddresses(hosts, nodeAddresses)) {
    const own = mentioned.byAddress.get(address);
    for (const text of mentioned.anywhere) if (!own?.has(text)) keys.push(keyOf("bound", address, text));
  }
  for (const { address, network } of elsewhere(mentioned, hosts)) {
    const region = network === undefined ? {} : { network };
    for (const text of mentioned.anywhere) keys.push({ ...keyOf("elsewhere", address, text), ...region });
    for (const protocol of protocols) {
      const key = keyOf("elsewhere", address, `${protocol} ${unused}`);
      keys.push({ ...key, ...region, isAnyPort: true });
    }
    const other = { ...keyOf("elsewhere", address, `tcp ${unused}`), ...region };
    for (const state of ["ESTABLISHED", "INVALID"] as const) keys.push({ ...other, state });
  }
  return keys;
}

/**
 * Addresses of Services that a host carries, for the ports that rules ask for without an address: of those that lie in
 * the same sets one stands for all.
 */
function boundAddresses(hosts: readonly EvaluatedHost[], others: readonly string[]): readonly string[] {
  const chosen = new Map<string, string>();
  const sets = hosts.map((host) =>
    [...host.sets.values()]
      .filter(({ type }) => type === "hash:ip")
      .map(({ name, entries }) => ({ name, texts: new Set(entries.map(({ text }) => text)) })),
  );
  for (const address of new Set(hosts.flatMap(({ localAddresses }) => [...localAddresses]))) {
    // Of one that comes or goes, all ports change.
    if (others.includes(address) || !hosts.every((host) => host.localAddresses.has(address))) continue;
    const kind = sets.map((ofHost) => ofHost.flatMap(({ name, texts }) => (texts.has(address) ? [name] : [])));
    const text = JSON.stringify([address.includes(":"), kind]);
    if (!chosen.has(text)) chosen.set(text, address);
  }
  return [...chosen.values()];
}

function keyOf(kind: Key["kind"], address: string, text: string): Key {
  const [protocol, port] = text.split(" ");
  return { kind, address, port: Number(port), protocol: protocol as Protocol, state: "NEW" };
}

function loopbacks(hosts: readonly EvaluatedHost[]): readonly string[] {
  const has = (family: "ipv4" | "ipv6") => hosts.some(({ families }) => families[family].tables.size > 0);
  return [...(has("ipv4") ? ["127.0.0.1"] : []), ...(has("ipv6") ? ["::1"] : [])];
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

/** A port that nobody asks for. */
function unusedPort({ byAddress, anywhere }: Mentioned): number {
  const used = new Set([...anywhere, ...[...byAddress.values()].flatMap((ports) => [...ports])]);
  let port = 9;
  while (protocols.some((protocol) => used.has(`${protocol} ${port}`))) port += 1;
  return port;
}

/** Addresses that nobody names and no host has, for each part that networks in rules and sets divide the others into. */
function elsewhere({ byAddress, networks }: Mentioned, hosts: readonly EvaluatedHost[]): readonly Elsewhere[] {
  const isFree = (address: string) => !byAddress.has(address) && !hosts.some((host) => isLocal(address, host));
  const sets = [...networks].map(parseAddressSet).filter((set) => set !== undefined);
  return ([32, 128] as const).flatMap((bits) => {
    const family = bits === 32 ? "ipv4" : "ipv6";
    return hosts.some(({ families }) => families[family].tables.size > 0) ? chooseElsewhere(bits, sets, isFree) : [];
  });
}
