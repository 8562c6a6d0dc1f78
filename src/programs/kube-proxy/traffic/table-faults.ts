import { canonicalAddress, isAddress } from "../../../datapath/address-set.ts";
import { createSubject, type Sink } from "../../../diagnostics/diagnostic.ts";
import { placeIn } from "../../../diagnostics/place.ts";
import { elementText, type NftChain, type NftSet, type NftTable } from "../../../languages/nftables/ruleset.ts";
import { tableName } from "../../../languages/nftables/stages.ts";
import { chainsNamed } from "../../../languages/nftables/words.ts";
import type { Cluster } from "../../../model/cluster.ts";
import { serviceInRule } from "../../registry.ts";
import { type ChainCheck, listed } from "../../traffic-mode.ts";
import {
  isOwnedTable,
  nodePortAddressesSet,
  parseServicePortChainName,
  servicePortInNftName,
} from "../nftables/names.ts";
import { namesByElement } from "./destinations-in-tables.ts";

/** The service ports of an address, or of a key of address, protocol and port, as far as a state names them. */
type NamesOf = (key: string) => readonly string[];

/** The node of an endpoint, `10.244.1.5 8080`, where a state shows it. */
type NodeOf = (endpoint: string) => string | undefined;

/** Faults of kube-proxy's tables whose packets cannot be asked for, since the address is lost with the element. */
export function checkTables({ traffic, names: ofState, cluster }: ChainCheck, sink: Sink): void {
  const [names, nodeOf] = [namesByElement(ofState), nodesOfEndpoints(cluster)];
  for (const table of traffic.ruleset.tables.filter(isOwnedTable)) {
    checkCallers(table, sink);
    checkAddresses(table, names, sink);
    checkElements(table, names, sink);
    checkHairpins(table, nodeOf, sink);
    for (const chain of table.chains.values()) {
      const name = parseServicePortChainName(chain.name);
      checkForms(chain, ownForms[name?.kind ?? ""], table, sink);
      if (name?.kind === "service" || name?.kind === "local" || name?.kind === "endpoint") checkEnd(chain, table, sink);
      if (name?.kind === "endpoint") checkEndpoint(chain, name.base, table, sink);
      if (name?.kind === "service" || name?.kind === "local") checkBalancing(chain, table, sink);
      if (name?.kind === "firewall") checkFirewall(chain, table, sink);
    }
  }
}

function nodesOfEndpoints(cluster: Cluster | undefined): NodeOf {
  const nodes = new Map<string, string | undefined>();
  for (const { endpoints, ports } of cluster?.slices ?? [])
    for (const { ip, nodeName } of endpoints) for (const { port } of ports) nodes.set(`${ip} ${port}`, nodeName);
  return (endpoint) => nodes.get(endpoint);
}

/** A chain with rules that nothing leads to: kube-proxy empties a chain when it stops using it. */
function checkCallers(table: NftTable, sink: Sink): void {
  const called = calledIn(table);
  const lost = [...table.chains.values()].filter(
    ({ name, rules }) => rules.length > 0 && parseServicePortChainName(name) !== undefined && !called.has(name),
  );
  const isExternal = ({ name }: NftChain): boolean => parseServicePortChainName(name)?.kind === "external";
  reportUncalled(
    "service-chain-uncalled",
    lost.filter((chain) => !isExternal(chain)),
    table,
    sink,
  );
  reportUncalled("external-chain-uncalled", lost.filter(isExternal), table, sink);
}

function reportUncalled(
  code: "service-chain-uncalled" | "external-chain-uncalled",
  chains: readonly NftChain[],
  table: NftTable,
  sink: Sink,
): void {
  const [first] = chains;
  if (first === undefined) return;
  const services = [...new Set(chains.map(({ name }) => serviceOf(name)))];
  sink.reporter(createSubject("Chain", tableName(table), first.name))(
    code,
    placeIn(first.file, first.line),
    { chains: listed(chains.map(({ name }) => name)), table: tableName(table), services: listed(services) },
    { services },
  );
}

function serviceOf(chain: string): string {
  return servicePortInNftName(chain) ?? chain;
}

const callers = new WeakMap<NftTable, ReadonlySet<string>>();

function calledIn(table: NftTable): ReadonlySet<string> {
  const known = callers.get(table);
  if (known !== undefined) return known;
  const { chains, sets } = table;
  const found = new Set<string>();
  for (const { rules } of chains.values())
    for (const { text } of rules) for (const chain of chainsNamed(text)) found.add(chain);
  for (const { elements } of sets.values())
    for (const { value = "" } of elements) for (const chain of chainsNamed(value)) found.add(chain);
  callers.set(table, found);
  return found;
}

/** Addresses of Services that no map has: their packets are rejected, or not handled. */
function checkAddresses(table: NftTable, names: NamesOf, sink: Sink): void {
  const { sets } = table;
  const keysOf = (name: string): readonly string[] => sets.get(name)?.elements.map(({ key }) => key) ?? [];
  const keys = new Set([...keysOf("service-ips"), ...keysOf("no-endpoint-services")]);
  const addresses = new Set([...keys].map((key) => key.split(" . ")[0]));
  const report = (set: NftSet | undefined, lost: readonly string[], services: readonly string[]): void => {
    if (set === undefined || lost.length === 0) return;
    sink.reporter(createSubject("Chain", tableName(table), set.name))(
      "service-address-unmapped",
      placeIn(set.file, set.line),
      { set: set.name, addresses: listed(lost), table: tableName(table) },
      { services },
    );
  };
  const clusterIps = keysOf("cluster-ips").filter((key) => !addresses.has(key));
  report(sets.get("cluster-ips"), clusterIps, clusterIps.flatMap(names));
  const restricted = sets.get("firewall-ips")?.elements.filter(({ key }) => !keys.has(key)) ?? [];
  report(
    sets.get("firewall-ips"),
    restricted.map(({ key }) => key),
    restricted.map(({ value = "" }) => serviceOf(value)),
  );
  for (const [from, to] of refusing) {
    const lost = (sets.get(from)?.elements ?? []).filter(
      ({ key, value }) =>
        value === "drop" && !keysOf(to).includes(key) && !keysOf("cluster-ips").includes(key.split(" . ")[0] ?? ""),
    );
    report(
      sets.get(from),
      lost.map(({ key }) => key),
      lost.flatMap((element) => serviceInRule(elementText(element)) ?? names(element.key)),
    );
  }
  const nodePorts = [...keysOf("service-nodeports"), ...keysOf("no-endpoint-nodeports")];
  const own = sets.get(nodePortAddressesSet);
  if (own === undefined || own.elements.length > 0 || nodePorts.length === 0) return;
  const services = [
    ...new Set(sets.get("service-nodeports")?.elements.flatMap(({ value }) => servicePortInNftName(value ?? "") ?? [])),
  ];
  sink.reporter(createSubject("Chain", tableName(table), own.name))(
    "node-ports-without-address",
    placeIn(own.file, own.line),
    { set: own.name, table: tableName(table) },
    { services },
  );
}

/** Without an endpoint on this node, policy Local drops what comes from outside; pods and the node reach all endpoints. */
const refusing = [
  ["no-endpoint-services", "service-ips"],
  ["no-endpoint-nodeports", "service-nodeports"],
] as const;

/** What an element of a map leads to, as kube-proxy writes it. */
const values: Readonly<Record<string, RegExp>> = {
  "service-ips": /^goto (?:service|local|external)-/,
  "service-nodeports": /^goto external-/,
  "firewall-ips": /^goto firewall-/,
  "no-endpoint-services": /^(?:drop|goto reject-chain)$/,
  "no-endpoint-nodeports": /^(?:drop|goto reject-chain)$/,
};

/** Elements with another verdict, or with the protocol of another service port than that of their chain. */
function checkElements(table: NftTable, names: NamesOf, sink: Sink): void {
  for (const [name, form] of Object.entries(values)) {
    const set = table.sets.get(name);
    for (const element of set?.elements ?? []) {
      const { key, value = "", line } = element;
      const [, protocol] = /^goto .*?\/[^/]+\/(tcp|udp|sctp)\//.exec(value) ?? [];
      if (form.test(value) && (protocol === undefined || key.split(" . ").includes(protocol))) continue;
      const named = serviceInRule(elementText(element));
      const services = named === undefined ? names(key) : [named];
      sink.reporter(createSubject("Chain", tableName(table), name))(
        "service-element-changed",
        placeIn(set?.file ?? "", line),
        { element: `${key} : ${value}`, map: name, table: tableName(table) },
        { services },
      );
    }
  }
}

/** The rules that kube-proxy writes into the chains of a service port. */
const ownForms: Readonly<Record<string, RegExp>> = {
  service: /^(?:meta l4proto \w+ dnat |ip6? saddr @affinity-\S+ goto endpoint-|numgen random mod )/,
  local: /^(?:meta l4proto \w+ dnat |ip6? saddr @affinity-\S+ goto endpoint-|numgen random mod )/,
  endpoint: /^(?:update @affinity-|meta l4proto \w+ dnat to )/,
  external: /^(?:meta mark set |fib saddr type local |goto |iifname \S+ goto |ip6? saddr \S+ goto )/,
  firewall: /^ip6? saddr != .* drop$/,
};

function checkForms({ name, rules }: NftChain, form: RegExp | undefined, table: NftTable, sink: Sink): void {
  const service = serviceOf(name);
  for (const { text, file, line } of rules) {
    if (form === undefined || form.test(text)) continue;
    sink.reporter(createSubject("Chain", tableName(table), name))(
      "service-rule-foreign",
      placeIn(file, line),
      { chain: name, rule: text, services: service },
      { services: [service] },
    );
  }
}

/** A chain in use that leads to no endpoint. */
function checkEnd({ name, rules, file, line }: NftChain, table: NftTable, sink: Sink): void {
  if (rules.some(({ text }) => / dnat (?:ip6? )?to | vmap \{/.test(` ${text}`))) return;
  if (!calledIn(table).has(name)) return;
  const service = serviceOf(name);
  sink.reporter(createSubject("Chain", tableName(table), name))(
    "service-traffic-lost",
    placeIn(file, line),
    { share: "100%", sources: "all sources", services: service, why: `at the end of ${name}` },
    { services: [service] },
  );
}

const translation = /\bdnat to (?:([\d.]+)|\[([\da-f:.]+)\]):(\d+)/;

/** The name of an endpoint's chain has its address and port, in IPv6 with dots. */
function checkEndpoint({ name, rules, file, line }: NftChain, base: string, table: NftTable, sink: Sink): void {
  const report = sink.reporter(createSubject("Chain", tableName(table), name));
  const service = serviceOf(name);
  const [, spelled = "", port = ""] = /__([\da-f.]+)\/(\d+)$/.exec(base) ?? [];
  const own = table.family === "ip6" ? spelled.replaceAll(".", ":") : spelled;
  for (const rule of rules) {
    const [, v4, v6, targetPort] = translation.exec(rule.text) ?? [];
    const target = v4 ?? v6;
    if (target === undefined || !isAddress(own)) continue;
    if (canonicalAddress(own) === canonicalAddress(target) && port === targetPort) continue;
    const parameters = { chain: name, own: `${own} port ${port}`, target: `${target} port ${targetPort}`, service };
    report("service-endpoint-changed", placeIn(rule.file, rule.line), parameters, { services: [service] });
  }
  if (rules.length > 0 && !rules.some(({ text }) => text.includes(`@affinity-${base} `)))
    report("session-affinity-lost", placeIn(file, line), { chain: name, services: service }, { services: [service] });
}

/** With session affinity, a rule for each endpoint sends its clients back to it. */
function checkBalancing({ name, rules }: NftChain, table: NftTable, sink: Sink): void {
  const service = serviceOf(name);
  for (const { text, file, line } of rules) {
    if (!text.includes("vmap {")) continue;
    const lost = [...text.matchAll(/ : goto endpoint-([^\s,}]+)/g)].filter(
      ([, base]) =>
        !rules.some(
          (rule) =>
            / saddr @affinity-/.test(rule.text) && rule.text.includes(`@affinity-${base} goto endpoint-${base}`),
        ),
    );
    if (lost.length === 0) continue;
    sink.reporter(createSubject("Chain", tableName(table), name))(
      "session-affinity-lost",
      placeIn(file, line),
      { chain: name, services: service },
      { services: [service] },
    );
  }
}

const targets =
  /(?:\bdnat to | : )(?:([\d.]+)(?::| \. )(\d+)|\[?([\da-f:.]*:[\da-f:.]*?)(?:\]:| \. )(\d+))(?=[ ,}]|$)/g;

/**
 * The endpoints on this node, which masquerades what they send to themselves: those of policy Local and, with a state,
 * all that are on the node of those known.
 */
function checkHairpins(table: NftTable, nodeOf: NodeOf, sink: Sink): void {
  const { sets, chains } = table;
  const known = new Set(
    sets.get("hairpin-connections")?.elements.map(({ key }) => {
      const [address = "", , , port = ""] = key.split(" . ");
      return `${address} ${port}`;
    }),
  );
  const used = [...chains.values()].flatMap((chain) => {
    const kind = parseServicePortChainName(chain.name)?.kind;
    if (kind !== "service" && kind !== "local") return [];
    const endpoints = chain.rules.flatMap(({ text }) => targetsOf(text, table));
    return endpoints.map((endpoint) => ({ chain, endpoint, isLocal: kind === "local" }));
  });
  const local = [...known, ...used.flatMap(({ endpoint, isLocal }) => (isLocal ? [endpoint] : []))];
  const nodes = new Set(local.map(nodeOf).filter((node) => node !== undefined));
  const [node] = nodes;
  const isHere = (endpoint: string): boolean => nodes.size === 1 && nodeOf(endpoint) === node;
  const told = new Set<string>();
  for (const { chain, endpoint, isLocal } of used) {
    const service = serviceOf(chain.name);
    if (known.has(endpoint) || told.has(service) || !(isLocal || isHere(endpoint))) continue;
    told.add(service);
    sink.reporter(createSubject("Chain", tableName(table), chain.name))(
      "service-masquerade-missing",
      placeIn(chain.file, chain.line),
      { chain: "hairpin-connections", sources: "an endpoint to itself", services: service },
      { services: [service] },
    );
  }
}

function targetsOf(text: string, { chains }: NftTable): readonly string[] {
  const own = [...text.matchAll(targets)].map(([, v4, p4, v6, p6]) => `${v4 ?? v6} ${p4 ?? p6}`);
  const called = [...text.matchAll(/ : goto (endpoint-[^\s,}]+)/g)].flatMap(
    ([, name = ""]) => chains.get(name)?.rules ?? [],
  );
  return [
    ...own,
    ...called.flatMap((rule) =>
      [...rule.text.matchAll(targets)].map(([, v4, p4, v6, p6]) => `${v4 ?? v6} ${p4 ?? p6}`),
    ),
  ];
}

/** loadBalancerSourceRanges: what is not in the ranges is dropped. */
function checkFirewall({ name, rules, file, line }: NftChain, table: NftTable, sink: Sink): void {
  const isOwn = (text: string): boolean => /^ip6? saddr != .* drop$/.test(text);
  if (isOwn(rules[0]?.text ?? "")) return;
  const service = serviceOf(name);
  // A chain of a Service that is gone is empty for a time.
  if (rules.length === 0 && !calledIn(table).has(name)) return;
  sink.reporter(createSubject("Chain", tableName(table), name))(
    "service-access-open",
    placeIn(file, line),
    { sources: "outside the source ranges", services: service, why: `${name} does not drop them` },
    { services: [service] },
  );
}
