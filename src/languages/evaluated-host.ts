import {
  type AddressSet,
  canonicalAddress,
  isAddress,
  isIpv6,
  parseAddressSet,
  unite,
} from "../datapath/address-set.ts";
import {
  type EvaluatedHost,
  type HostTexts,
  type LoadedRules,
  type NodeEnvironment,
  serverKey,
} from "../datapath/host.ts";
import type { TextPart } from "../ir/artifact.ts";
import type { Stage } from "../ir/datapath.ts";
import { type Family, families } from "../model/address.ts";
import { lookupSetOf } from "./ipset/language.ts";
import { hidesRules, readTables, type SavedTables } from "./iptables/read-tables.ts";
import { stagesOf } from "./iptables/stages.ts";
import { balancerStages, virtualServerOf } from "./ipvs/language.ts";
import type { Parsed } from "./language.ts";
import { readRuleset } from "./nftables/read-ruleset.ts";
import { isOfIptables, type Ruleset } from "./nftables/ruleset.ts";
import { chainsOfTables, setsOfTables, stagesOfTables } from "./nftables/stages.ts";
import { languageOf } from "./registry.ts";

/** Reads the texts of one host. Problems are lines that may hide something; the rest is used all the same. */
export function readEvaluatedHost(texts: HostTexts, world: NodeEnvironment): EvaluatedHost {
  const { otherBackend } = texts;
  const { nftables, problems: ofTables } = tablesOf(texts);
  const own = { ipv4: loadRules(texts.iptables), ipv6: loadRules(texts.ip6tables) };
  const other = otherBackend && { ipv4: loadRules(otherBackend.iptables), ipv6: loadRules(otherBackend.ip6tables) };
  const [ipv4, ipv6] = families.map((family) =>
    withTables(withOther(own[family], other?.[family], otherBackend?.name), nftables, family),
  ) as [LoadedRules, LoadedRules];
  const sets = languageOf.ipset.parse(texts.ipset);
  const servers = languageOf.ipvs.parse(texts.ipvs);
  const localAddresses = new Set(
    [...world.nodeAddresses, ...texts.serviceAddresses].filter(isAddress).map(canonicalAddress),
  );
  const ofOwn = [...stagesOf("ip", own.ipv4.tables), ...stagesOf("ip6", own.ipv6.tables)];
  const beside = besideIptables(stagesOfOther(other, otherBackend?.name), stagesOfTables(nftables), otherBackend?.name);
  const balancing = servers.doc.length > 0 || world.hasUnlistedServers === true ? balancerStages : [];
  const local = byFamily(["127.0.0.0/8", "::1/128", ...localAddresses]);
  return {
    families: { ipv4, ipv6 },
    stages: [...ofOwn, ...beside.stages, ...balancing],
    otherOrder:
      ofOwn.length === 0 || beside.stages.length === 0
        ? undefined
        : { stages: [...beside.stages, ...ofOwn, ...balancing], assumption: beside.assumption },
    sets: new Map(sets.doc.map((set) => [set.name, lookupSetOf(set)])),
    servers: new Map(
      servers.doc.map((server) => [serverKey(server.protocol, server.address), virtualServerOf(server)]),
    ),
    localAddresses,
    local,
    pods: byFamily(world.podRanges),
    world,
    problems: [...ipv4.problems, ...ipv6.problems, ...ofTables, ...sets.problems, ...servers.problems],
  };
}

type Backend = NonNullable<HostTexts["otherBackend"]>["name"] | undefined;

/** The tables of both back ends; those of the other have its name with theirs: `nat (iptables-legacy)`. */
function withOther(own: LoadedRules, other: LoadedRules | undefined, backend: Backend): LoadedRules {
  if (other === undefined || other.tables.size === 0) return own;
  const renamed = [...other.tables].map(([name, chains]) => [nameInOther(name, backend), chains] as const);
  return { tables: new Map([...own.tables, ...renamed]), problems: [...own.problems, ...other.problems] };
}

function nameInOther(table: string, backend: Backend): string {
  return `${table} (iptables-${backend})`;
}

function stagesOfOther(other: Readonly<Record<Family, LoadedRules>> | undefined, backend: Backend): readonly Stage[] {
  if (other === undefined) return [];
  const stages = [...stagesOf("ip", other.ipv4.tables), ...stagesOf("ip6", other.ipv6.tables)];
  return stages.map((stage) => ({
    ...stage,
    entry: { ...stage.entry, table: nameInOther(stage.entry.table, backend) },
  }));
}

/** The tables of nftables, without those in which iptables-nft keeps the rules that its own texts show. */
function tablesOf({ iptables, ip6tables, otherBackend, nftables = [] }: HostTexts): {
  readonly nftables: Ruleset;
  readonly problems: LoadedRules["problems"];
} {
  const { doc, problems } = loadTables(nftables);
  const isShown = {
    ip: iptables.length > 0 || (otherBackend?.iptables.length ?? 0) > 0,
    ip6: ip6tables.length > 0 || (otherBackend?.ip6tables.length ?? 0) > 0,
  };
  const tables = doc.tables.filter(
    (table) => !(isOfIptables(table) && (table.family === "ip" ? isShown.ip : isShown.ip6)),
  );
  return { nftables: { tables }, problems };
}

function withTables(rules: LoadedRules, ruleset: Ruleset, family: Family): LoadedRules {
  const tables = chainsOfTables(ruleset, family);
  if (tables.size === 0) return rules;
  return { ...rules, tables: new Map([...rules.tables, ...tables]), sets: setsOfTables(ruleset, family) };
}

interface StagesBeside {
  readonly stages: readonly Stage[];
  readonly assumption: string;
}

/**
 * What a host has beside the rules of its iptables. Of chains of equal priority, the one that was registered last is
 * called first (Linux 6.18); texts do not show which.
 */
function besideIptables(other: readonly Stage[], tables: readonly Stage[], backend: Backend): StagesBeside {
  const main = backend === undefined ? "iptables" : `iptables-${backend === "legacy" ? "nft" : "legacy"}`;
  const names = [...(other.length > 0 ? [`iptables-${backend}`] : []), ...(tables.length > 0 ? ["nftables"] : [])];
  return { stages: [...other, ...tables], assumption: `rules of ${main} come before those of ${names.join(" and ")}` };
}

/** Reads the texts of nftables, once. */
export function loadTables(parts: readonly TextPart[]): Parsed<Ruleset> {
  const known = loadedTables.get(parts);
  if (known !== undefined) return known;
  const read = readRuleset(parts);
  loadedTables.set(parts, read);
  return read;
}

const loadedTables = new WeakMap<readonly TextPart[], Parsed<Ruleset>>();

/** Reads the texts of one family. Rules of iptables-legacy beside those of iptables-nft count as missing. */
export function loadRules(parts: readonly TextPart[]): LoadedRules {
  const known = loaded.get(parts);
  if (known !== undefined) return known;
  const { tables, problems } = loadSavedTables(parts);
  const rules = {
    tables,
    problems: problems.filter((problem) => hidesRules(problem) || problem.kind === "other-backend"),
  };
  loaded.set(parts, rules);
  return rules;
}

const loaded = new WeakMap<readonly TextPart[], LoadedRules>();

/** Cached by the parts: checking and evaluating a text reads it once. */
export function loadSavedTables(parts: readonly TextPart[]): SavedTables {
  const known = savedTables.get(parts);
  if (known !== undefined) return known;
  const read = readTables(parts);
  savedTables.set(parts, read);
  return read;
}

const savedTables = new WeakMap<readonly TextPart[], SavedTables>();

function byFamily(ranges: readonly string[]): { readonly ipv4: AddressSet; readonly ipv6: AddressSet } {
  const sets = (wanted: boolean): readonly AddressSet[] =>
    ranges
      .filter((range) => isIpv6(range) === wanted)
      .map(parseAddressSet)
      .filter((set) => set !== undefined);
  return { ipv4: unite(sets(false), 32), ipv6: unite(sets(true), 128) };
}
