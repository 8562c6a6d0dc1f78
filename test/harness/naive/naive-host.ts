import { BlockList, isIPv6 } from "node:net";
import { parseSets, type SavedSet } from "../../../src/languages/ipset/text.ts";
import { parseTables } from "../../../src/languages/iptables/parse.ts";
import type { Rule } from "../../../src/languages/iptables/rule.ts";
import { parseServers, type SavedServer } from "../../../src/languages/ipvs/text.ts";

/**
 * A host for the naive evaluator, which follows one packet of one address and shares nothing with src/evaluate: no
 * sets of addresses, no index, no merging. Only the readers of the tools' text are the same.
 */
export interface NaiveHost {
  /** Of one family: table, chain. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, NaiveChain>>;
  readonly sets: ReadonlyMap<string, SavedSet>;
  readonly servers: readonly SavedServer[];
  readonly local: readonly string[];
}

export interface NaiveChain {
  readonly policy: string | undefined;
  readonly rules: readonly Rule[];
}

interface NaiveTexts {
  readonly rules: string;
  readonly sets?: string | undefined;
  readonly servers?: string | undefined;
  readonly local: readonly string[];
}

export function readNaiveHost({ rules, sets = "", servers = "", local }: NaiveTexts): NaiveHost {
  const tables = parseTables(rules).tables.map(
    ({ name, chains }) => [name, new Map(chains.map((chain) => [chain.name, chain]))] as const,
  );
  return {
    tables: new Map(tables),
    sets: new Map(parseSets(sets).sets.map((set) => [set.name, set])),
    servers: parseServers(servers).servers,
    local: ["127.0.0.0/8", "::1/128", ...local],
  };
}

const ranges = new Map<string, BlockList>();

/** By Node's own list of ranges. */
export function liesBetween(address: string, from: string, to: string): boolean {
  const list = new BlockList();
  if (isIPv6(from) !== isIPv6(address)) return false;
  list.addRange(from, to, isIPv6(from) ? "ipv6" : "ipv4");
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** By Node's own list of networks. */
export function liesIn(address: string, range: string): boolean {
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  const [network = "", length] = range.split("/");
  if (isIPv6(network) !== (family === "ipv6")) return false;
  let list = ranges.get(range);
  if (list === undefined) {
    list = new BlockList();
    list.addSubnet(network, Number(length ?? (family === "ipv6" ? 128 : 32)), family);
    ranges.set(range, list);
  }
  return list.check(address, family);
}
