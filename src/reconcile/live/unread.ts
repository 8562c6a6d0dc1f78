import type { LanguageId } from "../../ir/artifact.ts";
import type { OwnedRules } from "../../ir/owned.ts";
import { type Family, families, familyNames } from "../../model/address.ts";
import type { OwnedState } from "../owned-state.ts";
import type { HostState } from "./host-state.ts";

const names: readonly (readonly [LanguageId, string])[] = [
  ["iproute", "the addresses of interfaces"],
  ["ipset", "sets"],
  ["nftables", "tables of nftables"],
  ["ipvs", "virtual servers"],
  ["ipvs-timeouts", "IPVS timeouts"],
  ["sysctl", "sysctls"],
  ["conntrack", "connections"],
];

/** What the texts of a host do not show, in words, of what is compared with the desired state. */
export function describeUnread({ unread, rules }: HostState, desired: OwnedState): readonly string[] {
  if (unread.size === 0) return [];
  const isDesired: Partial<Record<LanguageId, boolean>> = {
    ipset: desired.sets.size > 0,
    nftables: desired.tables.size > 0,
    ipvs: desired.servers.size > 0,
    "ipvs-timeouts": desired.timeouts !== undefined,
  };
  const others = names.flatMap(([id, name]) => (unread.has(id) && isDesired[id] !== false ? [name] : []));
  return [
    ...families.flatMap((family) => describeRules(rules[family]?.tables, desired.rules[family], family)),
    ...others,
  ];
}

function describeRules(
  live: ReadonlyMap<string, unknown> | undefined,
  desired: OwnedRules | undefined,
  family: Family,
): readonly string[] {
  if (desired === undefined) return [];
  if (live === undefined) return [`${familyNames[family]} rules`];
  return [...desired.tables.keys()]
    .filter((table) => !live.has(table))
    .map((table) => `table ${table} of ${familyNames[family]}`);
}

/** The live state of a host of which not all was read: the rest is taken to be as desired, so that it makes no difference. */
export function assumeUnread(live: OwnedState, desired: OwnedState, { unread }: HostState): OwnedState {
  if (unread.size === 0) return live;
  const unlessRead = <Value>(id: LanguageId, ofLive: Value, ofDesired: Value): Value =>
    unread.has(id) ? ofDesired : ofLive;
  return {
    rules: {
      ipv4: withTables(live.rules.ipv4, desired.rules.ipv4),
      ipv6: withTables(live.rules.ipv6, desired.rules.ipv6),
    },
    sets: unlessRead("ipset", live.sets, desired.sets),
    tables: unlessRead("nftables", live.tables, desired.tables),
    servers: unlessRead("ipvs", live.servers, desired.servers),
    addresses: unlessRead("iproute", live.addresses, desired.addresses),
    sysctls: unlessRead("sysctl", live.sysctls, desired.sysctls),
    counters: unlessRead("nfacct", live.counters, desired.counters),
    timeouts: unlessRead("ipvs-timeouts", live.timeouts, desired.timeouts),
  };
}

function withTables(live: OwnedRules | undefined, desired: OwnedRules | undefined): OwnedRules | undefined {
  if (live === undefined || desired === undefined) return desired;
  return { ...live, tables: new Map([...desired.tables, ...live.tables]) };
}
