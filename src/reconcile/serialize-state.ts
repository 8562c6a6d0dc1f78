import type { OwnedRules, OwnedServer, OwnedSet } from "../ir/owned.ts";
import { isFilledByRules } from "../languages/nftables/diff-tables.ts";
import { elementText, type NftTable } from "../languages/nftables/ruleset.ts";
import { writeRuleset } from "../languages/nftables/write-ruleset.ts";
import type { OwnedState } from "./owned-state.ts";

type Pairs<T> = readonly (readonly [string, T])[];

interface SerializedRules {
  readonly sharedWithKubelet: boolean;
  readonly tables: Pairs<{
    readonly chains: Pairs<readonly string[]>;
    readonly jumps: Pairs<readonly string[]>;
    readonly heldChains: readonly string[];
  }>;
}

/** An OwnedState as JSON: equal states have equal values, whatever the order of the tools' output. */
export interface SerializedState {
  readonly ipv4: SerializedRules | null;
  readonly ipv6: SerializedRules | null;
  readonly sets: readonly (Omit<OwnedSet, "entries"> & { readonly entries: readonly string[] })[];
  readonly tables: Pairs<string>;
  readonly servers: readonly (Omit<OwnedServer, "realServers"> & { readonly realServers: Pairs<string> })[];
  readonly addresses: readonly string[] | null;
  readonly sysctls: Pairs<string>;
  readonly counters: readonly string[];
  readonly timeouts: string | null;
}

export function serializeState(state: OwnedState): SerializedState {
  return {
    ipv4: state.rules.ipv4 === undefined ? null : serializeRules(state.rules.ipv4),
    ipv6: state.rules.ipv6 === undefined ? null : serializeRules(state.rules.ipv6),
    sets: inOrder(state.sets).map(([, set]) => ({ ...set, entries: [...set.entries].sort() })),
    tables: inOrder(state.tables).map(([name, table]) => [name, serializeTable(table)]),
    servers: inOrder(state.servers).map(([, server]) => ({ ...server, realServers: inOrder(server.realServers) })),
    addresses: state.addresses === undefined ? null : [...state.addresses].sort(),
    sysctls: inOrder(state.sysctls),
    counters: [...state.counters].sort(),
    timeouts: state.timeouts ?? null,
  };
}

function serializeRules({ tables, isShared }: OwnedRules): SerializedRules {
  // The positions of jumps among foreign rules are not part of our state.
  const owned = new Map([...tables].filter(([, { chains, jumps }]) => chains.size > 0 || jumps.size > 0));
  const serialized = inOrder(owned).map(([name, { chains, jumps, heldChains }]) => {
    const heldInOrder = [...heldChains].sort();
    return [name, { chains: inOrder(chains), jumps: inOrder(jumps), heldChains: heldInOrder }] as const;
  });
  return { sharedWithKubelet: isShared, tables: serialized };
}

/** Without what rules add to sets while packets pass, and in one order. */
function serializeTable(table: NftTable): string {
  const sets = inOrder(table.sets).map(([name, set]) => {
    const elements = isFilledByRules(set) ? [] : [...set.elements];
    return [name, { ...set, elements: elements.sort((a, b) => (elementText(a) < elementText(b) ? -1 : 1)) }] as const;
  });
  return writeRuleset({ tables: [{ ...table, sets: new Map(sets), chains: new Map(inOrder(table.chains)) }] });
}

function inOrder<T>(map: ReadonlyMap<string, T>): Pairs<T> {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
