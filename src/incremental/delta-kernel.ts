import { createSet } from "../languages/ipset/write.ts";
import { addRealServer } from "../languages/ipvs/write.ts";
import type { Family } from "../model/address.ts";
import type { VirtualServer } from "../programs/kube-proxy/ipvs/ipvs-objects.ts";
import { type SetKey, setKeys, setName, sets } from "../programs/kube-proxy/set-names.ts";
import { nothingOwned, type OwnedServer, type OwnedSet, type OwnedState } from "../reconcile/owned-state.ts";
import type { Member } from "./delta-rules.ts";
import type { Ledger } from "./reference-counts.ts";

/** The members of a part in one family, with what all Services ask for together at the time. */
export interface FamilyPart {
  readonly family: Family;
  readonly members: readonly Member[];
  readonly ledger: Ledger;
}

/**
 * Sets, virtual servers and bound addresses of a part, before or after: what members ask for on either side, and only
 * that. A set that is to get other room than it has among `found` is given whole: another takes its place.
 */
export function kernelOfPart(
  parts: readonly FamilyPart[],
  side: "before" | "after",
  found: OwnedState["sets"] | undefined,
): OwnedState {
  const [owned, servers, addresses] = [new Map<string, OwnedSet>(), new Map<string, OwnedServer>(), new Set<string>()];
  for (const { family, members, ledger } of parts) {
    for (const [key, entries] of touchedEntries(members)) {
      const counts = ledger.entries[key];
      const there = [...entries].filter((entry) => counts.has(entry)).sort();
      const set = ownedSet(key, family, counts.size, there);
      const isReplaced = found !== undefined && found.get(set.name)?.shape !== set.shape;
      owned.set(set.name, isReplaced ? { ...set, entries: new Set([...counts.keys()].sort()) } : set);
      if (key === "boundIps") for (const ip of there) addresses.add(hostCidr(ip, family));
    }
    for (const member of members) addServers(member[side].collected?.servers, servers);
  }
  // The timeouts are set already, and 0 leaves each as it is.
  return { ...nothingOwned, sets: owned, servers, addresses, timeouts: "0 0 0" };
}

function hostCidr(ip: string, family: Family): string {
  return family === "ipv4" ? `${ip}/32` : `${ip}/128`;
}

function touchedEntries(members: readonly Member[]): ReadonlyMap<SetKey, ReadonlySet<string>> {
  const touched = new Map<SetKey, Set<string>>();
  for (const { before, after } of members) {
    for (const collected of [before.collected, after.collected]) {
      for (const key of collected === undefined ? [] : setKeys) {
        const entries = touched.get(key) ?? new Set();
        for (const entry of collected?.entries[key].keys() ?? []) entries.add(entry);
        if (entries.size > 0) touched.set(key, entries);
      }
    }
  }
  return touched;
}

function ownedSet(key: SetKey, family: Family, size: number, entries: readonly string[]): OwnedSet {
  const name = setName(key, family);
  const create = createSet({ name, type: sets[key].type, family, entries: size });
  return { name, create, shape: create.slice(`create ${name} `.length), entries: new Set(entries), isHeld: false };
}

/** Of several Services that name a virtual server it is the first one's. */
function addServers(from: ReadonlyMap<string, VirtualServer> | undefined, into: Map<string, OwnedServer>): void {
  for (const { key, add, endpoints } of from?.values() ?? []) {
    if (into.has(key)) continue;
    const realServers = endpoints.map(({ target }): [string, string] => {
      return [target, addRealServer(key, target).slice(`-a ${key} -r ${target} `.length)];
    });
    into.set(key, { key, options: add.slice(`-A ${key} `.length), realServers: new Map(realServers) });
  }
}
