import type { LineOrigin } from "../../../ir/artifact.ts";
import { appendLine, createLines, joinLines } from "../../../ir/lines.ts";
import { addEntry, createSet } from "../../../languages/ipset/text.ts";
import { declare } from "../../../languages/iptables/write.ts";
import { addRealServer } from "../../../languages/ipvs/text.ts";
import { compareBytes } from "../../../model/fields/name-map.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { type AssembledText, always, type Cause, endpointCause, type LowerOptions, lineOrigin } from "../../origins.ts";
import { ipvsChains as chains } from "../chain-names.ts";
import { addressDevice } from "../names.ts";
import { type SetKey, setKeys, setName, sets } from "../set-names.ts";
import type { IpvsObjects } from "./ipvs-objects.ts";
import { filterRules, natRules } from "./rules.ts";

/** The kernel objects of one family's service ports, and the settings to print them with. */
export interface FamilyObjects {
  readonly settings: FamilySettings;
  readonly objects: IpvsObjects;
}

/** Lines with their causes, for one step. */
interface Writer {
  readonly write: (line: string, cause: Cause | undefined) => void;
  readonly end: () => AssembledText;
}

function createWriter({ origins: keepOrigins, only }: LowerOptions): Writer {
  const lines = createLines();
  const origins: LineOrigin[] = [];
  return {
    write: (line, cause) => {
      const isAsked = only === undefined || cause === undefined || cause === always || only(cause);
      appendLine(lines, isAsked ? line : "");
      if (keepOrigins && isAsked && cause !== undefined) origins.push(lineOrigin(lines.count, cause));
    },
    end: () => ({ text: joinLines([lines]), origins: keepOrigins ? origins : undefined }),
  };
}

/** The input of ipset restore: all sets of the families, by name, each followed by its entries in bytewise order. */
export function assembleSets(families: readonly FamilyObjects[], options: LowerOptions): AssembledText {
  const writer = createWriter(options);
  const named = families.flatMap(({ settings: { family }, objects }) =>
    setKeys.map((key) => ({ name: setName(key, family), key, family, entries: objects.entries[key] })),
  );
  for (const { name, key, family, entries } of named.sort((a, b) => compareBytes(a.name, b.name))) {
    writer.write(createSet({ name, type: sets[key].type, family, entries: entries.size }), always);
    for (const [entry, cause] of [...entries].sort(([a], [b]) => compareBytes(a, b))) {
      writer.write(addEntry(name, entry), cause);
    }
  }
  return writer.end();
}

/** The input of ipvsadm --restore: virtual servers in bytewise order, each followed by its real servers. */
export function assembleServers(families: readonly FamilyObjects[], options: LowerOptions): AssembledText {
  const writer = createWriter(options);
  const servers = families.flatMap(({ objects }) => [...objects.servers.values()]);
  for (const { add, key, endpoints, cause } of servers.sort((a, b) => compareBytes(a.add, b.add))) {
    writer.write(add, cause);
    for (const endpoint of endpoints) {
      writer.write(addRealServer(key, endpoint.target), options.origins ? endpointCause(endpoint) : undefined);
    }
  }
  return writer.end();
}

/** The input of ip -batch: the addresses of the dummy device. */
export function assembleAddresses(families: readonly FamilyObjects[], options: LowerOptions): AssembledText {
  const writer = createWriter(options);
  const bound = families.flatMap(({ settings, objects }) =>
    [...objects.entries.boundIps].map(([ip, cause]) => ({
      cidr: ip + (settings.family === "ipv4" ? "/32" : "/128"),
      cause,
    })),
  );
  for (const { cidr, cause } of bound.sort((a, b) => compareBytes(a.cidr, b.cidr))) {
    writer.write(`addr replace ${cidr} dev ${addressDevice}`, cause);
  }
  return writer.end();
}

const { forward, nodePort, proxyFirewall, sourceRangesFirewall, ipvsFilter, ipvsOutFilter } = chains;
/** The chains that are declared in table filter. */
export const filterChains = [forward, nodePort, proxyFirewall, sourceRangesFirewall, ipvsFilter, ipvsOutFilter];
/** And in table nat. */
export const natChains = [chains.services, chains.postrouting, nodePort, chains.loadBalancer, chains.markMasquerade];

/** The input of iptables-restore: a fixed number of chains, whatever the number of Services. */
export function assembleRules({ settings, objects }: FamilyObjects, options: LowerOptions): AssembledText {
  const writer = createWriter(options);
  const has = (set: SetKey): boolean => objects.entries[set].size > 0;
  const table = (name: string, declared: readonly string[]): void => {
    writer.write(`*${name}`, undefined);
    for (const chain of declared) writer.write(declare(chain), always);
  };
  table("filter", filterChains);
  for (const rule of filterRules(settings, has)) writer.write(rule, always);
  for (const { rule, cause } of objects.nodeDropRules) writer.write(rule, cause);
  writer.write("COMMIT", undefined);
  table("nat", natChains);
  for (const rule of natRules(settings, has)) writer.write(rule, always);
  writer.write("COMMIT", undefined);
  return writer.end();
}
