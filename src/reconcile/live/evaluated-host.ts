import {
  type AddressSet,
  canonicalAddress,
  isAddress,
  isIpv6,
  parseAddressSet,
  unite,
} from "../../datapath/address-set.ts";
import {
  type EvaluatedHost,
  type HostTexts,
  type LoadedRules,
  type NodeEnvironment,
  serverKey,
} from "../../datapath/host.ts";
import type { TextPart } from "../../ir/artifact.ts";
import { lookupSetOf } from "../../languages/ipset/to-datapath.ts";
import { hidesRules, readTables } from "../../languages/iptables/read-tables.ts";
import { stagesOf } from "../../languages/iptables/stages.ts";
import { balancerStages, virtualServerOf } from "../../languages/ipvs/to-datapath.ts";
import { languageOf } from "../../languages/registry.ts";

/** Reads the texts of one host. Problems are lines that may hide something; the rest is used all the same. */
export function readEvaluatedHost(texts: HostTexts, world: NodeEnvironment): EvaluatedHost {
  const ipv4 = loadRules(texts.iptables);
  const ipv6 = loadRules(texts.ip6tables);
  const sets = languageOf.ipset.parse(texts.ipset);
  const servers = languageOf.ipvs.parse(texts.ipvs);
  const localAddresses = new Set(
    [...world.nodeAddresses, ...texts.serviceAddresses].filter(isAddress).map(canonicalAddress),
  );
  const local = byFamily(["127.0.0.0/8", "::1/128", ...localAddresses]);
  return {
    families: { ipv4, ipv6 },
    stages: [
      ...stagesOf("ip", ipv4.tables),
      ...stagesOf("ip6", ipv6.tables),
      ...(servers.doc.length > 0 ? balancerStages : []),
    ],
    sets: new Map(sets.doc.map((set) => [set.name, lookupSetOf(set)])),
    servers: new Map(
      servers.doc.map((server) => [serverKey(server.protocol, server.address), virtualServerOf(server)]),
    ),
    localAddresses,
    local,
    pods: byFamily(world.podRanges),
    world,
    problems: [...ipv4.problems, ...ipv6.problems, ...sets.problems, ...servers.problems],
  };
}

/** Reads the texts of one family. Rules of iptables-legacy beside those of iptables-nft count as missing. */
export function loadRules(parts: readonly TextPart[]): LoadedRules {
  const known = loaded.get(parts);
  if (known !== undefined) return known;
  const { tables, problems } = readTables(parts);
  const rules = {
    tables,
    problems: problems.filter((problem) => hidesRules(problem) || problem.kind === "other-backend"),
  };
  loaded.set(parts, rules);
  return rules;
}

/** Cached by the parts: checking and evaluating a text reads it once. */
const loaded = new WeakMap<readonly TextPart[], LoadedRules>();

function byFamily(ranges: readonly string[]): { readonly ipv4: AddressSet; readonly ipv6: AddressSet } {
  const sets = (wanted: boolean): readonly AddressSet[] =>
    ranges
      .filter((range) => isIpv6(range) === wanted)
      .map(parseAddressSet)
      .filter((set) => set !== undefined);
  return { ipv4: unite(sets(false), 32), ipv6: unite(sets(true), 128) };
}
