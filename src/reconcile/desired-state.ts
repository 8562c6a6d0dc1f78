import type { Script } from "../ir/step.ts";
import { toolNames } from "../ir/text.ts";
import { parseSets } from "../languages/ipset/parse.ts";
import { parseChains } from "../languages/iptables/parse-chains.ts";
import { parseServers } from "../languages/ipvs/parse.ts";
import type { Family } from "../model/address.ts";
import { addressDevice } from "../programs/kube-proxy/names.ts";
import { ownedRules, ownedServers, ownedSets } from "./owned-objects.ts";
import type { OwnedRules, OwnedState } from "./owned-state.ts";

const decoder = new TextDecoder();

/** What a host has once a compiled script has run on it. */
export function ownedInScript(script: Script): OwnedState {
  const texts = new Map(script.steps.map(({ file, stdin }) => [file, stdin]));
  const read = (file: string): string => {
    const bytes = texts.get(file);
    return bytes === undefined ? "" : decoder.decode(bytes);
  };
  const makesDevice = script.steps.some(({ argv }) => argv.includes(addressDevice));
  return {
    rules: { ipv4: rulesOf(read, "ipv4"), ipv6: rulesOf(read, "ipv6") },
    sets: ownedSets(parseSets(read("ipset.restore")), new Set()),
    servers: ownedServers(parseServers(read("ipvs.restore")).servers),
    addresses: makesDevice ? boundAddresses(read("addresses.batch")) : undefined,
    sysctls: sysctlsIn(read("sysctl.conf")),
    counters: new Set(linesIn(read("nfacct.counters"))),
    timeouts:
      read("ipvs.timeouts")
        .trim()
        .replace(/^--set /, "") || undefined,
  };
}

function rulesOf(read: (file: string) => string, family: Family): OwnedRules | undefined {
  const text = read(`${toolNames[family]}.restore`);
  if (text === "") return undefined;
  const rules = ownedRules(parseChains(text + read(`${toolNames[family]}.jumps`)));
  const tables = [...rules.tables].map(([name, table]) => [name, { ...table, foreignBefore: new Map() }] as const);
  return { ...rules, tables: new Map(tables) };
}

function boundAddresses(batch: string): ReadonlySet<string> {
  return new Set([...batch.matchAll(/^addr replace (\S+) dev /gm)].map(([, cidr]) => cidr as string));
}

/** `name = value` lines, as sysctl prints and reads them. */
export function sysctlsIn(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^(\S+) = (.*)$/gm)].map(([, name, value]) => [name as string, value as string]));
}

function linesIn(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
