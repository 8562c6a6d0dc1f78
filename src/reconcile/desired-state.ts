import type { Script } from "../ir/step.ts";
import type { TextPart } from "../ir/text.ts";
import { toolNames } from "../ir/text.ts";
import { batchHeading, iproute } from "../languages/iproute.ts";
import { parseSets } from "../languages/ipset/parse.ts";
import { readTables } from "../languages/iptables/read-tables.ts";
import { parseTimeoutOptions } from "../languages/ipvs/language.ts";
import { parseServers } from "../languages/ipvs/parse.ts";
import { nfacct } from "../languages/nfacct.ts";
import { filesByName } from "../languages/registry.ts";
import { sysctl, sysctlCommand } from "../languages/sysctl.ts";
import type { Family } from "../model/address.ts";
import { addressDevice } from "../programs/kube-proxy/names.ts";
import { ownedRules, ownedServers, ownedSets } from "./owned-objects.ts";
import type { OwnedRules, OwnedState } from "./owned-state.ts";

const decoder = new TextDecoder();

/** What a host has once a compiled script has run on it. */
export function ownedInScript(script: Script): OwnedState {
  const partsUnder = (heading: string): readonly TextPart[] =>
    script.steps.flatMap(({ file, stdin }) =>
      file !== undefined && filesByName.get(file)?.heading === heading ? [{ file, text: decoder.decode(stdin) }] : [],
    );
  const textUnder = (heading: string): string => partsUnder(heading)[0]?.text ?? "";
  const makesDevice = script.steps.some(({ argv }) => argv.includes(addressDevice));
  return {
    rules: { ipv4: rulesIn(partsUnder, "ipv4"), ipv6: rulesIn(partsUnder, "ipv6") },
    sets: ownedSets(parseSets(textUnder("ipset save")), new Set()),
    servers: ownedServers(parseServers(textUnder("ipvsadm -Sn")).servers),
    addresses: makesDevice ? new Set(iproute.parse(partsUnder(batchHeading)).doc.map(({ cidr }) => cidr)) : undefined,
    sysctls: sysctl.parse(partsUnder(sysctlCommand)).doc,
    counters: new Set(nfacct.parse(partsUnder("nfacct add")).doc),
    timeouts: parseTimeoutOptions(textUnder("ipvsadm --set")),
  };
}

function rulesIn(partsUnder: (heading: string) => readonly TextPart[], family: Family): OwnedRules | undefined {
  const parts = partsUnder(`${toolNames[family]}-save`);
  if (parts.length === 0) return undefined;
  const rules = ownedRules(readTables(parts));
  const tables = [...rules.tables].map(([name, table]) => [name, { ...table, foreignBefore: new Map() }] as const);
  return { ...rules, tables: new Map(tables) };
}
