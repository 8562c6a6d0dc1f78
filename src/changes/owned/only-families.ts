import type { Family } from "../../model/address.ts";
import type { OwnedState } from "./owned-state.ts";

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
    sets: keep(state.sets, (name) => isIn(name.startsWith("KUBE-6-") ? "ipv6" : "ipv4")),
    servers: keep(state.servers, byColon),
    addresses: state.addresses && new Set([...state.addresses].filter(byColon)),
  };
}
