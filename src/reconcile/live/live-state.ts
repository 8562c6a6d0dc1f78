import type { OwnedRules } from "../../ir/owned.ts";
import { type Cidr, type Family, families } from "../../model/address.ts";
import type { HostFeatures } from "../../model/objects/node.ts";
import { ownChains, ownCounters, ownTables } from "../../programs/registry.ts";
import { isAnythingOwned, isOurs, ownedRules, ownedServer, ownedSets, ownedTables } from "../owned-objects.ts";
import { type OwnedState, onlyFamilies } from "../owned-state.ts";
import type { HostRules, HostState } from "./host-state.ts";

export interface Ownership {
  /** Virtual servers (`-t 10.96.0.10:80`) of the desired state: they are ours on every address. */
  readonly desiredServers: ReadonlySet<string>;
  /** `ipvs.excludeCIDRs` of kube-proxy's configuration. */
  readonly excluded: readonly Cidr[];
  /** The chosen families, if any: other families are not changed. */
  readonly families?: readonly Family[] | undefined;
}

/** The objects of a host that are ours. All others are foreign and not changed. */
export function ownedOnHost(host: HostState, { desiredServers, excluded, families: chosen }: Ownership): OwnedState {
  const sets = ownedSets(host.sets, setsOfOthers(host));
  const claims = { addresses: host.serviceAddresses ?? new Set<string>(), sets, desired: desiredServers, excluded };
  const servers = new Map(
    host.servers.flatMap((server) => {
      const owned = ownedServer(server);
      return isOurs(server, owned, claims) ? [[owned.key, owned] as const] : [];
    }),
  );
  const owned: OwnedState = {
    rules: { ipv4: rulesOf(host.rules.ipv4), ipv6: rulesOf(host.rules.ipv6) },
    sets,
    tables: ownedTables(host.tables ?? { tables: [] }),
    servers,
    addresses: host.serviceAddresses,
    sysctls: host.sysctls,
    counters: new Set(ownCounters.filter((name) => host.counters?.has(name))),
    timeouts: host.timeouts,
  };
  return chosen === undefined ? owned : onlyFamilies(owned, chosen);
}

/** Sets that rules of foreign chains match on. */
function setsOfOthers({ rules }: HostState): ReadonlySet<string> {
  const names = new Set<string>();
  for (const family of families) {
    for (const chains of rules[family]?.tables.values() ?? []) {
      for (const [chain, { lines }] of chains) {
        if (ownChains.isOwned(chain)) continue;
        for (const line of lines) {
          for (const [, name] of line.matchAll(/--match-set (\S+)/g)) names.add(name as string);
        }
      }
    }
  }
  return names;
}

function rulesOf(rules: HostRules | undefined): OwnedRules | undefined {
  return rules && ownedRules(rules);
}

/** Features of the kernel that the host shows: kube-proxy creates counters wherever it can. */
export function featuresOnHost(host: HostState): Partial<HostFeatures> {
  const isCounting = ownCounters.every((name) => host.counters?.has(name)) || countersInUse(host).size > 0;
  return isCounting ? { nfacct: true } : {};
}

/**
 * Without nfacct, which most distributions do not install, counters cannot be listed. Those that rules use exist and
 * need not be created.
 */
export function withoutCountersInUse(desired: OwnedState, host: HostState): OwnedState {
  if (host.counters !== undefined) return desired;
  const used = countersInUse(host);
  return { ...desired, counters: new Set([...desired.counters].filter((name) => !used.has(name))) };
}

/** The chains with rules that count. */
const countedIn = [
  ["filter", "forward"],
  ["nat", "local-dispatch"],
] as const;

function countersInUse({ rules }: HostState): ReadonlySet<string> {
  const lines = families.flatMap((family) => {
    const tables = rules[family]?.tables;
    return countedIn.flatMap(([table, role]) =>
      ownChains.named(role).flatMap((chain) => tables?.get(table)?.get(chain)?.lines ?? []),
    );
  });
  return new Set(lines.flatMap((line) => / --nfacct-name +(\S+)/.exec(line)?.[1] ?? []));
}

/** Whether a host has rules of kube-proxy or Portolan in a family. */
export function hasRulesOfOurs({ rules, tables }: HostState, family: Family): boolean {
  const known = rules[family];
  if (known !== undefined && isAnythingOwned(ownedRules(known))) return true;
  return tables !== undefined && ownedTables(tables).has(ownTables.nameIn(family));
}
