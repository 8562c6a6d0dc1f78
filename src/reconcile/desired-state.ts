import { type Artifact, artifactsOf } from "../ir/artifact.ts";
import type { Script } from "../ir/step.ts";
import type { LanguageId } from "../ir/text.ts";
import { languageOf } from "../languages/registry.ts";
import type { Family } from "../model/address.ts";
import { addressDevice } from "../programs/kube-proxy/names.ts";
import { ownedRules, ownedServers, ownedSets } from "./owned-objects.ts";
import type { OwnedRules, OwnedState } from "./owned-state.ts";

/** What a host has once a compiled script has run on it. */
export function ownedInScript(script: Script): OwnedState {
  const artifacts = artifactsOf(script);
  const inLanguage = (id: LanguageId): readonly Artifact[] => artifacts.filter(({ language }) => language === id);
  const makesDevice = script.steps.some(({ argv }) => argv.includes(addressDevice));
  const bound = languageOf.iproute.parse(inLanguage("iproute")).doc;
  return {
    rules: { ipv4: rulesIn(inLanguage("iptables"), "ipv4"), ipv6: rulesIn(inLanguage("iptables"), "ipv6") },
    sets: ownedSets(languageOf.ipset.parse(inLanguage("ipset")).doc, new Set()),
    servers: ownedServers(languageOf.ipvs.parse(inLanguage("ipvs")).doc),
    addresses: makesDevice ? new Set(bound.map(({ cidr }) => cidr)) : undefined,
    sysctls: languageOf.sysctl.parse(inLanguage("sysctl")).doc,
    counters: new Set(languageOf.nfacct.parse(inLanguage("nfacct")).doc),
    timeouts: languageOf["ipvs-timeouts"].parse(inLanguage("ipvs-timeouts")).doc,
  };
}

function rulesIn(artifacts: readonly Artifact[], family: Family): OwnedRules | undefined {
  const parts = artifacts.filter((artifact) => artifact.family === family);
  if (parts.length === 0) return undefined;
  const rules = ownedRules(languageOf.iptables.parse(parts).doc);
  const tables = [...rules.tables].map(([name, table]) => [name, { ...table, foreignBefore: new Map() }] as const);
  return { ...rules, tables: new Map(tables) };
}
