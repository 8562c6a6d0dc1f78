import type { OwnedRules, OwnedServer, OwnedSet } from "../ir/owned.ts";
import type { NftTable } from "../languages/nftables/ruleset.ts";
import type { Family } from "../model/address.ts";
import { ownSets } from "../programs/registry.ts";

/**
 * Our live or desired objects on a host. One shape for both, so that changes can be planned in both directions. Values
 * are spelled as the tools print them.
 */
export interface OwnedState {
  /** Undefined: the host has no iptables of the family, or the desired state has no rules of ours. */
  readonly rules: Readonly<Record<Family, OwnedRules | undefined>>;
  readonly sets: ReadonlyMap<string, OwnedSet>;
  /** Tables of nftables, by `ip kube-proxy`. */
  readonly tables: ReadonlyMap<string, NftTable>;
  /** By `-t 10.96.0.10:80`. */
  readonly servers: ReadonlyMap<string, OwnedServer>;
  /** The addresses of the device kube-ipvs0: `10.96.0.10/32`. Undefined: the device does not exist. */
  readonly addresses: ReadonlySet<string> | undefined;
  /** By name. Live: all known ones; desired: those that a script sets. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Names of nfacct counters. */
  readonly counters: ReadonlySet<string>;
  /** IPVS timeouts in seconds: `900 120 300`; undefined where we do not set them. */
  readonly timeouts: string | undefined;
}

export const nothingOwned: OwnedState = {
  rules: { ipv4: undefined, ipv6: undefined },
  sets: new Map(),
  tables: new Map(),
  servers: new Map(),
  addresses: undefined,
  sysctls: new Map(),
  counters: new Set(),
  timeouts: undefined,
};

/** The part of a state that belongs to these families; sysctls and counters belong to all. */
export function onlyFamilies(state: OwnedState, families: readonly Family[]): OwnedState {
  const isIn = (family: Family): boolean => families.includes(family);
  const byColon = (address: string): boolean => isIn(address.includes("[") || /:.*:/.test(address) ? "ipv6" : "ipv4");
  const keep = <T>(map: ReadonlyMap<string, T>, isKept: (key: string) => boolean) =>
    new Map([...map].filter(([key]) => isKept(key)));
  return {
    ...state,
    rules: {
      ipv4: isIn("ipv4") ? state.rules.ipv4 : undefined,
      ipv6: isIn("ipv6") ? state.rules.ipv6 : undefined,
    },
    sets: keep(state.sets, (name) => isIn(ownSets.familyOf(name))),
    tables: keep(state.tables, (name) => isIn(name.startsWith("ip6 ") ? "ipv6" : "ipv4")),
    servers: keep(state.servers, byColon),
    addresses: state.addresses && new Set([...state.addresses].filter(byColon)),
  };
}
