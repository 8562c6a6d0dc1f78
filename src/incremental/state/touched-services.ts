import { claimsOf } from "./claims.ts";
import { type Changes, ownerOf, type Store } from "./store.ts";

/**
 * The keys, in order, of the Services that changes concern: those that change, those whose endpoints do, and those that
 * share an address and port with one of them. The store is still as before.
 */
export function touchedServices(store: Store, changes: Changes): readonly string[] {
  const touched = new Set<string>([...changes.services.keys(), ...changes.endpoints.keys()]);
  for (const [key, slice] of changes.slices) {
    for (const one of [slice, store.slices.get(key)]) {
      const owner = one && ownerOf(one);
      if (owner !== undefined) touched.add(owner);
    }
  }
  const keys = new Set<string>();
  for (const key of touched) {
    const [before, after] = [store.services.get(key), changes.services.get(key)];
    if (before !== undefined || after !== undefined) keys.add(key);
    for (const service of [before, after]) {
      if (service === undefined) continue;
      for (const claim of claimsOf(service, store.hostAddresses)) {
        for (const holder of store.claims.get(claim) ?? []) keys.add(holder);
      }
    }
  }
  return [...keys].sort();
}
