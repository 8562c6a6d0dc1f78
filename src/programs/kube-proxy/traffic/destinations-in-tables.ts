import { canonicalAddress, isAddress } from "../../../datapath/address-set.ts";
import { translationsAt } from "../../../datapath/elements.ts";
import type { Protocol } from "../../../datapath/packet.ts";
import { elementText, type NftChain, type NftElement, type NftTable } from "../../../languages/nftables/ruleset.ts";
import { type Family, families } from "../../../model/address.ts";
import { serviceInRule } from "../../registry.ts";
import type { ServiceDestination, ShapeOf, TrafficHost } from "../../traffic-mode.ts";
import { addressKey, parseServicePortChainName, portKey } from "../nftables/names.ts";
import { createMarks, type Marks } from "./alike.ts";
import { protocolNamed } from "./destinations-in-rules.ts";
import { ownChains, ownTable } from "./restore-nftables.ts";

/** The maps with a key of address, protocol and port, and those with a key of protocol and port. */
const byAddress = ["service-ips", "no-endpoint-services", "firewall-ips"] as const;
const byPort = ["service-nodeports", "no-endpoint-nodeports"] as const;

/** The addresses and node ports that are keys of kube-proxy's maps. */
export function destinationsInTables(
  { ruleset, nodeAddress }: TrafficHost,
  family: Family,
): readonly ServiceDestination[] {
  const table = ownTable(ruleset, family);
  if (table === undefined) return [];
  const clusterIps = new Set(table.sets.get("cluster-ips")?.elements.map(({ key }) => key));
  const found: ServiceDestination[] = [];
  const enter = (element: NftElement, kind: "address" | "node-port"): void => {
    const parts = element.key.split(" . ");
    const [address = "", name = "", port = ""] = kind === "node-port" ? [nodeAddress[family], ...parts] : parts;
    const protocol = protocolNamed(name);
    if (protocol === undefined || !isAddress(address) || !/^\d+$/.test(port)) return;
    const isClusterIp = clusterIps.has(address) || /^goto (?:service|local)-/.test(element.value ?? "");
    found.push({
      kind: kind === "node-port" ? kind : isClusterIp ? "cluster-ip" : "external",
      family,
      address: canonicalAddress(address),
      port: Number(port),
      protocol,
      service: serviceInRule(elementText(element)),
    });
  };
  for (const name of byAddress) for (const each of table.sets.get(name)?.elements ?? []) enter(each, "address");
  for (const name of byPort) for (const each of table.sets.get(name)?.elements ?? []) enter(each, "node-port");
  return found;
}

/** The addresses that kube-proxy's rules send to. */
export function targetsInTables({ host }: TrafficHost): ReadonlySet<string> {
  const chains = families.flatMap((family) => [...ownChains(host, family).values()]);
  const own = chains.filter(({ name }) => parseServicePortChainName(name) !== undefined);
  return new Set(own.flatMap((chain) => chain.lines.flatMap((_, at) => translationsAt(chain, at))));
}

/** The endpoints on this node, which a set names. */
export function hairpinsInTables({ ruleset }: TrafficHost): ReadonlySet<string> {
  const elements = families.flatMap(
    (family) => ownTable(ruleset, family)?.sets.get("hairpin-connections")?.elements ?? [],
  );
  return new Set(elements.map(({ key }) => canonicalAddress(key.split(" . ")[0] ?? "")));
}

/** Shapes by the elements of a destination in kube-proxy's maps, and the chains that these lead to. */
export function shapesInTables(traffic: TrafficHost): ShapeOf {
  const { host, ruleset } = traffic;
  const marks = createMarks(host);
  const tables = { ipv4: ownTable(ruleset, "ipv4"), ipv6: ownTable(ruleset, "ipv6") };
  const elements = { ipv4: elementsByKey(tables.ipv4), ipv6: elementsByKey(tables.ipv6) };
  const local = hairpinsInTables(traffic);
  return (destination) => {
    const { family, kind, address, port, protocol } = destination;
    const writing: Writing = { table: tables[family], numbers: new Map(), marks, local, parts: [] };
    const to = kind === "node-port" ? "node" : nameAddress(address, writing);
    writing.parts.push(family, kind, protocol, to, marks.ofPort(port));
    for (const text of elements[family].get(elementKeyOf(destination)) ?? []) writeLine(text, writing, 0);
    return writing.parts.join("\n");
  };
}

interface Writing {
  readonly table: NftTable | undefined;
  readonly numbers: Map<string, number>;
  readonly marks: Marks;
  /** Endpoints that are masqueraded to themselves. */
  readonly local: ReadonlySet<string>;
  readonly parts: string[];
}

function nameAddress(text: string, { numbers, marks, local }: Writing): string {
  const known = numbers.get(text) ?? numbers.size;
  numbers.set(text, known);
  return `@${known}${marks.ofAddress(text)}${local.has(text) ? "H" : ""}`;
}

/** The elements of all sets and maps by their keys, without the key and the comment; a set's name before its own. */
function elementsByKey(table: NftTable | undefined): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [name, { elements }] of table?.sets ?? []) {
    for (const { key, value } of elements) {
      const text = elementText({ line: 0, key: name, value, comment: undefined, timeout: undefined });
      const known = found.get(key);
      if (known === undefined) found.set(key, [text]);
      else known.push(text);
    }
  }
  return found;
}

const chainName = /(?:service|local|external|firewall|endpoint|affinity)-[A-Z2-7]{8}-[^\s,}]+/g;
const target =
  /(?<![\w.:])(?:(\d+\.\d+\.\d+\.\d+)(?::(\d+)| \. (\d+))|\[?([\da-f]*:[\da-f:.]*)(?:\]:(\d+)| \. (\d+)))/g;
const deepest = 5;

/** A rule or element without what only names its Service, then the chains of the Service that it leads to. */
function writeLine(text: string, writing: Writing, depth: number): void {
  const called: NftChain[] = [];
  const named = text.replace(chainName, (name) => {
    const chain = writing.table?.chains.get(name);
    if (chain !== undefined) called.push(chain);
    return parseServicePortChainName(name)?.kind ?? "affinity";
  });
  const plain = named.replace(target, (spelled) => {
    const [, address = "", port] = /^\[?([\da-f:.]+?)(?:\]?:| \. )(\d+)$/.exec(spelled) ?? [];
    return `${nameAddress(address, writing)}:${writing.marks.ofPort(Number(port))}`;
  });
  writing.parts.push(plain);
  if (depth > deepest) return;
  for (const chain of called) {
    for (const rule of chain.rules) writeLine(rule.text, writing, depth + 1);
    writing.parts.push("end");
  }
}

/** The key of its elements in the maps of nftables: `10.96.0.10 . tcp . 80`, `tcp . 30080`. */
export function elementKeyOf({
  kind,
  address,
  port,
  protocol,
}: Pick<ServiceDestination, "kind" | "address" | "port" | "protocol">): string {
  return kind === "node-port" ? portKey(protocol, port) : addressKey(address, protocol, port);
}

/** The service ports by the keys of elements, and by address alone. */
export function namesByElement(names: ReadonlyMap<string, string>): (key: string) => readonly string[] {
  const found = new Map<string, string[]>();
  const note = (key: string, name: string): void => {
    const known = found.get(key);
    if (known === undefined) found.set(key, [name]);
    else known.push(name);
  };
  for (const [key, name] of names) {
    const [, address = "", port = "", protocol = ""] = /^\[?(.*?)\]?:(\d+)\/(\w+)$/.exec(key) ?? [];
    const kind = address === "*" ? "node-port" : "cluster-ip";
    note(elementKeyOf({ kind, address, port: Number(port), protocol: protocol as Protocol }), name);
    if (address !== "*") note(address, name);
  }
  return (key) => found.get(key) ?? [];
}
