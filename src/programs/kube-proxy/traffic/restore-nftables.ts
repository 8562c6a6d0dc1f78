import { ruleAt } from "../../../datapath/chain-index.ts";
import type { EvaluatedHost } from "../../../datapath/host.ts";
import type { LoadedChain, PacketRule, Predicate, Stage } from "../../../ir/datapath.ts";
import { readRuleset } from "../../../languages/nftables/read-ruleset.ts";
import type { NftChain, NftElement, NftLine, NftSet, NftTable, Ruleset } from "../../../languages/nftables/ruleset.ts";
import { chainsOfTables, setsOfTables, stagesOfTables } from "../../../languages/nftables/stages.ts";
import { nftFamily, setMarkBit } from "../../../languages/nftables/write.ts";
import { type Family, families } from "../../../model/address.ts";
import { defaultKubeProxyVersion, versionTraits } from "../../../model/proxy-configuration/kube-proxy-version.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { assembleTable } from "../nftables/assemble.ts";
import { addFixedChains } from "../nftables/base.ts";
import { fromLocal } from "../nftables/matches.ts";
import {
  isOwnedTable,
  isOwnTableName,
  nftChains,
  nodePortAddressesSet,
  ownTableName,
  parseServicePortChainName,
} from "../nftables/names.ts";
import { addLine, createTableObjects } from "../nftables/table-objects.ts";
import { type Chains, detectorOf } from "./own-rules.ts";

/** kube-proxy's table of a family. */
export function ownTable({ tables }: Ruleset, family: Family): NftTable | undefined {
  return tables.find((table) => isOwnedTable(table) && table.family === nftFamily[family]);
}

/** The addresses on which node ports answer; none: on every one. */
export function nodePortAddressesInTables(ruleset: Ruleset, family: Family): readonly string[] {
  const addresses = ownTable(ruleset, family)?.sets.get(nodePortAddressesSet)?.elements;
  return addresses?.map(({ key }) => key) ?? [];
}

/**
 * The same host as if only kube-proxy's tables were on it, and as it writes them: the chains and sets that always exist
 * are complete, and the chains of Services have no rules that something else has added.
 */
export function withOwnTablesOnly(host: EvaluatedHost, ruleset: Ruleset): EvaluatedHost {
  const tables = ruleset.tables.filter(isOwnedTable).map((table) => restoreTable(table, host));
  const own: Ruleset = { tables };
  const rules = (family: Family): EvaluatedHost["families"][Family] => ({
    tables: chainsOfTables(own, family),
    sets: setsOfTables(own, family),
    problems: [],
  });
  return {
    ...host,
    families: { ipv4: rules("ipv4"), ipv6: rules("ipv6") },
    stages: stagesOfTables(own),
    otherOrder: undefined,
  };
}

/** The chains of a family's own table; none where the host has none. */
export function ownChains(host: EvaluatedHost, family: Family): Chains {
  return host.families[family].tables.get(ownTableName(family)) ?? new Map();
}

/**
 * The same host with a second order of its chains: of those of equal priority, the one that was registered last is called
 * first, and a listing does not show which. Only where another table has a chain beside one of kube-proxy's.
 */
export function withBothOrders(host: EvaluatedHost): EvaluatedHost {
  const { stages } = host;
  const own = stages.filter(({ entry }) => isOwnTableName(entry.table));
  const isBeside = (stage: Stage): boolean =>
    !isOwnTableName(stage.entry.table) &&
    own.some(({ hook, priority, type }) => hook === stage.hook && priority === stage.priority && type === stage.type);
  if (host.otherOrder !== undefined || !stages.some(isBeside)) return host;
  const rest = stages.filter(({ entry }) => !isOwnTableName(entry.table));
  const assumption = "chains of kube-proxy come before others of equal priority";
  return { ...host, stages: [...own, ...rest], otherOrder: { stages: [...rest, ...own], assumption } };
}

function restoreTable(table: NftTable, host: EvaluatedHost): NftTable {
  const family = families.find((each) => nftFamily[each] === table.family) ?? "ipv4";
  const settings = shownTableSettings(table, family, host);
  const loaded = ownChains(host, family);
  const fixed = fixedTable(settings, unallocatedRules(loaded.get(nftChains.clusterIpsCheck)));
  const chains = new Map<string, NftChain>();
  for (const chain of table.chains.values()) {
    const shown = loaded.get(chain.name);
    if (shown !== undefined && parseServicePortChainName(chain.name) !== undefined)
      chains.set(chain.name, ownChain({ chain, shown, table, settings }));
  }
  for (const chain of fixed.chains.values()) chains.set(chain.name, chain);
  const sets = new Map<string, NftSet>([...fixed.sets, ...table.sets]);
  const clusterIps = sets.get("cluster-ips");
  if (clusterIps !== undefined) sets.set("cluster-ips", withClusterIps(clusterIps, table));
  return { ...table, chains, sets };
}

/** The chains and sets that exist whatever the Services, as a listing of them is read. */
function fixedTable(settings: FamilySettings, unallocated: readonly string[]): NftTable {
  const objects = createTableObjects({ origins: false });
  addFixedChains(settings, objects);
  const check = objects.chains.find(({ name }) => name === nftChains.clusterIpsCheck);
  if (check !== undefined) for (const line of unallocated) addLine(objects, check, line);
  const text = new TextDecoder().decode(assembleTable(settings, objects).text);
  const [table] = readRuleset([{ file: "", text }]).doc.tables;
  if (table === undefined) throw new Error("kube-proxy's own table is not read");
  return table;
}

/** The rules against addresses that no Service has: the text alone shows the ranges. */
function unallocatedRules(chain: LoadedChain | undefined): readonly string[] {
  return (chain?.lines ?? []).filter((line) => / daddr (?!@).* drop(?: |$)/.test(line));
}

/** Cluster IPs lead to the endpoints of a Service directly, other addresses through its external chain. */
function withClusterIps(set: NftSet, { sets }: NftTable): NftSet {
  const known = new Set(set.elements.map(({ key }) => key));
  const lost: NftElement[] = [];
  for (const { line, key, value } of sets.get("service-ips")?.elements ?? []) {
    const [address = ""] = key.split(" . ");
    if (!/^goto (?:service|local)-/.test(value ?? "") || known.has(address)) continue;
    known.add(address);
    lost.push({ line, key: address, value: undefined, comment: undefined, timeout: undefined });
  }
  return lost.length === 0 ? set : { ...set, elements: [...set.elements, ...lost] };
}

interface ShownChain {
  readonly chain: NftChain;
  readonly shown: LoadedChain;
  readonly table: NftTable;
  readonly settings: FamilySettings;
}

/** A chain of a service port, without verdicts that kube-proxy does not write there; an external one complete. */
function ownChain({ chain, shown, table, settings }: ShownChain): NftChain {
  const { kind = "", base = "" } = parseServicePortChainName(chain.name) ?? {};
  if (kind === "external") return { ...chain, rules: externalLines(chain, base, table, settings) };
  if (kind === "firewall") return chain;
  const rules = chain.rules.filter((_, at) => !isForeignVerdict(ruleAt(shown, at)));
  return rules.length === chain.rules.length ? chain : { ...chain, rules };
}

/** In the chains of endpoints kube-proxy translates, or goes to a chain. */
export function isForeignVerdict({ action }: PacketRule): boolean {
  return action.kind === "verdict" || action.kind === "reject";
}

/** What is sent to an external address: policy Local asks who sends it. An emptied chain does not show its policy. */
function externalLines(
  { rules }: NftChain,
  base: string,
  { chains }: NftTable,
  { masqueradeMark, localDetector }: FamilySettings,
): readonly NftLine[] {
  const [cluster, local] = [`service-${base}`, `local-${base}`];
  const line = (text: string): NftLine => ({ text, file: "", line: 0 });
  const mark = setMarkBit(masqueradeMark);
  const asksForLocal = rules.some(({ text }) => text.includes("fib saddr type local") || text.includes(` ${local}`));
  const pods = rules.filter(({ text }) => text.includes("short-circuit pod"));
  if (!asksForLocal && (rules.length > 0 || chains.has(cluster)) && pods.length === 0)
    return [line(mark), ...(chains.has(cluster) ? [line(`goto ${cluster}`)] : [])];
  const shortCircuit = localDetector === undefined ? pods : [line(`${fromLocal(localDetector)} goto ${cluster}`)];
  return [
    ...(chains.has(cluster)
      ? [...shortCircuit, line(`fib saddr type local ${mark}`), line(`fib saddr type local goto ${cluster}`)]
      : []),
    ...(chains.has(local) ? [line(`goto ${local}`)] : []),
  ];
}

const defaultMark = 0x4000;

/** The settings of kube-proxy that its table shows, with defaults where it does not. */
function shownTableSettings({ sets }: NftTable, family: Family, host: EvaluatedHost): FamilySettings {
  const chains = ownChains(host, family);
  const addresses = sets.get(nodePortAddressesSet)?.elements.map(({ key }) => key);
  return {
    family,
    localDetector: detectorOf(podMatchesInTables(host, family)[0]),
    masqueradeAll: masqueradesAll(chains.get(nftChains.services)),
    masqueradeMark: markIn(chains),
    randomFully: false,
    dropsInvalid: false,
    nfacct: false,
    nodePorts: addresses === undefined ? { kind: "every-address" } : { kind: "addresses", addresses },
    hostAddresses: [],
    localhostNodePorts: false,
    serviceCidrs: [],
    version: versionTraits(defaultKubeProxyVersion),
    largeCluster: false,
  };
}

function rulesOf(chain: LoadedChain | undefined): readonly PacketRule[] {
  return chain === undefined ? [] : chain.lines.map((_, at) => ruleAt(chain, at));
}

const marksClusterIps = (rule: PacketRule): boolean =>
  rule.action.kind === "set-mark" && rule.text.includes("daddr @cluster-ips");

function masqueradesAll(services: LoadedChain | undefined): boolean {
  return rulesOf(services).some((rule) => marksClusterIps(rule) && !rule.predicates.some(asksForPods));
}

/** The mark that most rules agree on. */
function markIn(chains: Chains): number {
  const counts = new Map<number, number>();
  for (const chain of chains.values()) {
    if (chain.name !== nftChains.services && parseServicePortChainName(chain.name)?.kind !== "external") continue;
    for (const { action } of rulesOf(chain))
      if (action.kind === "set-mark") counts.set(action.value, (counts.get(action.value) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  const shown = rulesOf(chains.get(nftChains.masquerading)).flatMap(({ predicates }) =>
    predicates.flatMap((each) => (each.kind === "mark" ? [each.mask] : [])),
  );
  return shown[0] ?? most?.[0] ?? defaultMark;
}

function asksForPods(each: Predicate): boolean {
  return (each.kind === "address-in" && each.side === "source") || (each.kind === "interface" && each.side === "in");
}

/** The conditions by which kube-proxy's table tells pods from other sources; all rules ask the same. */
export function podMatchesInTables(host: EvaluatedHost, family: Family): readonly Predicate[] {
  const chains = ownChains(host, family);
  for (const rule of rulesOf(chains.get(nftChains.services))) {
    const found = marksClusterIps(rule) ? rule.predicates.filter((each) => each.negated && asksForPods(each)) : [];
    if (found.length > 0) return found;
  }
  for (const chain of chains.values()) {
    if (parseServicePortChainName(chain.name)?.kind !== "external") continue;
    for (const { predicates, action } of rulesOf(chain)) {
      const found = action.kind === "goto" ? predicates.filter((each) => !each.negated && asksForPods(each)) : [];
      if (found.length > 0) return found;
    }
  }
  return [];
}
