import { type Cidr, type Family, families } from "../../model/address.ts";
import { isOwnedChain } from "../../programs/kube-proxy/chain-names.ts";
import { counters } from "../../programs/kube-proxy/names.ts";
import { isOurs, ownedRules, ownedServer, ownedSets } from "../owned-objects.ts";
import { type OwnedRules, type OwnedState, onlyFamilies } from "../owned-state.ts";
import type { HostRules, HostState } from "./host-state.ts";

export interface Ownership {
  /** Virtual servers (`-t 10.96.0.10:80`) that the desired state has: they are ours wherever they are. */
  readonly desiredServers: ReadonlySet<string>;
  /** `ipvs.excludeCIDRs` of kube-proxy's configuration. */
  readonly excluded: readonly Cidr[];
  /** Where somebody chose them: the others are left alone. */
  readonly families?: readonly Family[] | undefined;
}

/** What of a host is ours; everything else is somebody else's and stays as it is. */
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
    servers,
    addresses: host.serviceAddresses,
    sysctls: host.sysctls,
    counters: new Set(Object.values(counters).filter((name) => host.counters?.has(name))),
    timeouts: host.timeouts,
  };
  return chosen === undefined ? owned : onlyFamilies(owned, chosen);
}

/** Sets that rules in chains of other names ask for. */
function setsOfOthers({ rules }: HostState): ReadonlySet<string> {
  const names = new Set<string>();
  for (const family of families) {
    for (const chains of rules[family]?.tables.values() ?? []) {
      for (const [chain, { lines }] of chains) {
        if (isOwnedChain(chain)) continue;
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
