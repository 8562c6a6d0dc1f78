import type { Family } from "../model/address.ts";
import { familyOfSet } from "../programs/kube-proxy/set-names.ts";
import type { PartialChain } from "./rules/partial-chain.ts";

/** The rules of each chain as lines, each as spelled, in order. */
export type ChainLines = ReadonlyMap<string, readonly string[]>;

/**
 * What is ours on a host, or what should be: one shape for both, so that a host can be led from either to the other,
 * and back. Values are spelled as the tools print them.
 */
export interface OwnedState {
  /** Undefined: the host has no rules of the family, or is to have none of ours. */
  readonly rules: Readonly<Record<Family, OwnedRules | undefined>>;
  readonly sets: ReadonlyMap<string, OwnedSet>;
  /** By `-t 10.96.0.10:80`. */
  readonly servers: ReadonlyMap<string, OwnedServer>;
  /** What the device kube-ipvs0 carries: `10.96.0.10/32`. Undefined: there is no such device. */
  readonly addresses: ReadonlySet<string> | undefined;
  /** By name. Of a host: all that are known; of a script: those it sets. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Names of nfacct counters. */
  readonly counters: ReadonlySet<string>;
  /** IPVS timeouts in seconds: `900 120 300`; undefined where they are not ours to say. */
  readonly timeouts: string | undefined;
}

/** By table: our chains with their rules, and the rules of built-in chains that lead into ours. */
export interface OwnedRules {
  readonly tables: ReadonlyMap<string, OwnedTable>;
  /** A kubelet is at work here, whose chain KUBE-FIREWALL is too: rules in it are added and never taken away. */
  readonly sharedWithKubelet: boolean;
}

export interface OwnedTable {
  readonly chains: ChainLines;
  readonly jumps: ChainLines;
  /** Of a host: how many rules of others stand before each jump of a built-in chain. Empty: jumps are to be first. */
  readonly foreignBefore: ReadonlyMap<string, readonly number[]>;
  /** Of a host: how many rules of others a built-in chain has. */
  readonly foreignCounts: ReadonlyMap<string, number>;
  /** Chains of ours that somebody else's rules lead to: they can be emptied but not deleted. */
  readonly heldChains: ReadonlySet<string>;
  /** Of a part of a state: chains of which only some rules are given. */
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
  /** What the kernel keeps of how it was made: type, family, range, room. */
  readonly shape: string;
  /** `create KUBE-CLUSTER-IP hash:ip,port family inet` */
  readonly create: string;
  readonly entries: ReadonlySet<string>;
  /** Somebody else's rules ask for it. */
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
  servers: new Map(),
  addresses: undefined,
  sysctls: new Map(),
  counters: new Set(),
  timeouts: undefined,
};

/** The part of a state that belongs to these families; settings and counters belong to all. */
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
    servers: keep(state.servers, byColon),
    addresses: state.addresses && new Set([...state.addresses].filter(byColon)),
  };
}
