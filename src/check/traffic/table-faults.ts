import { canonicalAddress, isAddress } from "../../datapath/address-set.ts";
import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import type { NftChain, NftTable } from "../../languages/nftables/ruleset.ts";
import { tableName } from "../../languages/nftables/stages.ts";
import {
  isOwnedTable,
  parseServicePortChainName,
  servicePortInNftName,
} from "../../programs/kube-proxy/nftables/names.ts";
import { placeIn } from "../places-in-texts.ts";
import { listed } from "./describe-affected.ts";
import type { TrafficHost } from "./traffic-host.ts";

/** Faults of kube-proxy's tables whose packets cannot be asked for, since the address is lost with the element. */
export function checkTables({ ruleset }: TrafficHost, sink: Sink): void {
  for (const table of ruleset.tables.filter(isOwnedTable)) {
    checkCallers(table, sink);
    checkClusterIps(table, sink);
    for (const chain of table.chains.values()) {
      const name = parseServicePortChainName(chain.name);
      if (name?.kind === "endpoint") checkEndpoint(chain, name.base, table, sink);
      if (name?.kind === "service" || name?.kind === "local") checkBalancing(chain, table, sink);
      if (name?.kind === "local") checkHairpins(chain, table, sink);
      if (name?.kind === "firewall") checkFirewall(chain, table, sink);
    }
  }
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

const leads = /\b(?:jump|goto) ([^\s,}]+)/g;

function calledIn({ chains, sets }: NftTable): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { rules } of chains.values())
    for (const { text } of rules) for (const [, chain = ""] of text.matchAll(leads)) found.add(chain);
  for (const { elements } of sets.values())
    for (const { value = "" } of elements) for (const [, chain = ""] of value.matchAll(leads)) found.add(chain);
  return found;
}

/** Addresses of Services that no map has: their packets are rejected as those to an unused port. */
function checkClusterIps(table: NftTable, sink: Sink): void {
  const { sets } = table;
  const elementsOf = (name: string): readonly string[] => sets.get(name)?.elements.map(({ key }) => key) ?? [];
  const keys = [...elementsOf("service-ips"), ...elementsOf("no-endpoint-services")];
  const mapped = new Set(keys.map((key) => key.split(" . ")[0]));
  const lost = elementsOf("cluster-ips").filter((key) => !mapped.has(key));
  const clusterIps = sets.get("cluster-ips");
  if (lost.length === 0 || clusterIps === undefined) return;
  sink.reporter(createSubject("Chain", tableName(table), "cluster-ips"))(
    "cluster-ip-unmapped",
    placeIn(clusterIps.file, clusterIps.line),
    { addresses: listed(lost), table: tableName(table) },
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

/** The endpoints of policy Local are on this node, which masquerades what they send to themselves. */
function checkHairpins({ name, rules, file, line }: NftChain, table: NftTable, sink: Sink): void {
  const known = new Set(
    table.sets.get("hairpin-connections")?.elements.map(({ key }) => {
      const [address = "", , , port = ""] = key.split(" . ");
      return `${address} ${port}`;
    }),
  );
  const endpoints = rules.flatMap(({ text }) => targetsOf(text, table));
  if (endpoints.every((endpoint) => known.has(endpoint))) return;
  const service = serviceOf(name);
  sink.reporter(createSubject("Chain", tableName(table), name))(
    "service-masquerade-missing",
    placeIn(file, line),
    { chain: "hairpin-connections", sources: "an endpoint to itself", services: service },
    { services: [service] },
  );
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
