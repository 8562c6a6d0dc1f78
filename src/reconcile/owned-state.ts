import type { NftTable } from "../languages/nftables/ruleset.ts";
import type { Family } from "../model/address.ts";
import { familyOfSet } from "../programs/kube-proxy/set-names.ts";
import type { PartialChain } from "./rules/partial-chain.ts";

/** The rules of each chain as lines, each as spelled, in order. */
export type ChainLines = ReadonlyMap<string, readonly string[]>;

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

/** By table: our chains with their rules, and the jumps to them from built-in chains. */
export interface OwnedRules {
  readonly tables: ReadonlyMap<string, OwnedTable>;
  /** A kubelet runs on the host and also owns KUBE-FIREWALL: rules are added to this chain and never deleted. */
  readonly sharedWithKubelet: boolean;
}

export interface OwnedTable {
  readonly chains: ChainLines;
  readonly jumps: ChainLines;
  /** Live: the number of foreign rules before each jump of a built-in chain. Empty: jumps are inserted at the head. */
  readonly foreignBefore: ReadonlyMap<string, readonly number[]>;
  /** Live: the number of foreign rules in a built-in chain. */
  readonly foreignCounts: ReadonlyMap<string, number>;
  /** Our chains that foreign rules jump to: they can be emptied but not deleted. */
  readonly heldChains: ReadonlySet<string>;
  /** In a partial state: chains of which only some rules are given. */
  readonly partialChains?: ReadonlyMap<string, PartialChain>;
}

export const emptyTable: OwnedTable = {
  chains: new Map(),
  jumps: new Map(),
  foreignBefore: new Map(),
  foreignCounts: new Map(),
  heldChains: new Set(),
};

export interface OwnedSet {
  readonly name: string;
  /** What the kernel keeps of its creation: type, family, range, size. */
  readonly shape: string;
  /** `create KUBE-CLUSTER-IP hash:ip,port family inet` */
  readonly create: string;
  readonly entries: ReadonlySet<string>;
  /** Foreign rules match on it. */
  readonly isHeld: boolean;
}

export interface OwnedServer {
  /** `-t 10.96.0.10:80` */
  readonly key: string;
  /** `-s rr -p 10800` */
  readonly options: string;
  /** By address: `-m -w 1`. */
  readonly realServers: ReadonlyMap<string, string>;
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
    sets: keep(state.sets, (name) => isIn(familyOfSet(name))),
    tables: keep(state.tables, (name) => isIn(name.startsWith("ip6 ") ? "ipv6" : "ipv4")),
    servers: keep(state.servers, byColon),
    addresses: state.addresses && new Set([...state.addresses].filter(byColon)),
  };
}
