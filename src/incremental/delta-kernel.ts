import type { OwnedServer, OwnedSet } from "../ir/owned.ts";
import { languageOf } from "../languages/registry.ts";
import type { Family } from "../model/address.ts";
import type { FamilySettings } from "../plan/forwarding/forwarding-plan.ts";
import type { FragmentServer, KernelWriter, TableBlock, WriteTablePart } from "../programs/program.ts";
import { ownedTables } from "../reconcile/owned-objects.ts";
import { nothingOwned, type OwnedState } from "../reconcile/owned-state.ts";
import type { Member } from "./delta-rules.ts";
import type { ReferenceCounts } from "./reference-counts.ts";

/** The members of a part in one family, with the reference counts of all Services. */
export interface FamilyPart {
  readonly family: Family;
  readonly settings: FamilySettings;
  readonly members: readonly Member[];
  readonly ledger: ReferenceCounts;
}

/**
 * Sets, virtual servers and bound addresses of a part, before or after: those that members refer to, and only these. A
 * set whose shape differs from the one in `found` is included completely, since it is replaced.
 */
export function kernelOfPart(
  parts: readonly FamilyPart[],
  kernel: KernelWriter,
  side: "before" | "after",
  found: OwnedState["sets"] | undefined,
): OwnedState {
  const [owned, servers, addresses] = [new Map<string, OwnedSet>(), new Map<string, OwnedServer>(), new Set<string>()];
  for (const { family, members, ledger } of parts) {
    for (const [key, entries] of touchedEntries(members)) {
      const counts = ledger.entries.get(key) ?? new Map<string, number>();
      const there = [...entries].filter((entry) => counts.has(entry)).sort();
      const set = ownedSet(kernel.setName(key, family), kernel.createSet(key, family, counts.size), there);
      const isReplaced = found !== undefined && found.get(set.name)?.shape !== set.shape;
      owned.set(set.name, isReplaced ? { ...set, entries: new Set([...counts.keys()].sort()) } : set);
      if (key === kernel.boundAddresses) for (const ip of there) addresses.add(hostCidr(ip, family));
    }
    for (const member of members) addServers(member[side].objects?.servers, kernel, servers);
  }
  // The timeouts are set already, and 0 keeps each of them.
  return { ...nothingOwned, sets: owned, servers, addresses, timeouts: "0 0 0" };
}

function hostCidr(ip: string, family: Family): string {
  return family === "ipv4" ? `${ip}/32` : `${ip}/128`;
}

/** The entries of shared sets that members refer to, before or after. */
function touchedEntries(members: readonly Member[]): ReadonlyMap<string, ReadonlySet<string>> {
  const touched = new Map<string, Set<string>>();
  for (const { before, after } of members) {
    for (const objects of [before.objects, after.objects]) {
      for (const [key, asked] of Object.entries(objects?.entries ?? {})) {
        const entries = touched.get(key) ?? new Set();
        for (const entry of asked.keys()) entries.add(entry);
        if (entries.size > 0) touched.set(key, entries);
      }
    }
  }
  return touched;
}

function ownedSet(name: string, create: string, entries: readonly string[]): OwnedSet {
  return { name, create, shape: create.slice(`create ${name} `.length), entries: new Set(entries), isHeld: false };
}

/** If several Services have the same virtual server, the first Service's is used. */
function addServers(
  from: ReadonlyMap<string, FragmentServer> | undefined,
  kernel: KernelWriter,
  into: Map<string, OwnedServer>,
): void {
  for (const server of from?.values() ?? []) {
    const { key, add, endpoints } = server;
    if (into.has(key)) continue;
    const realServers = endpoints.map(({ target }): [string, string] => [
      target,
      kernel.realServerOptions(server, target),
    ]);
    into.set(key, { key, options: add.slice(`-A ${key} `.length), realServers: new Map(realServers) });
  }
}

/**
 * The tables of nftables of a part, before or after: the sets and chains of members, and the entries of shared sets that
 * members refer to. The ledgers are those of that side.
 */
export function tablesOfPart(
  parts: readonly FamilyPart[],
  write: WriteTablePart,
  side: "before" | "after",
): OwnedState["tables"] {
  const texts = parts.map((part) => ({
    file: "",
    text: write(part.settings, { entries: entriesOf(part, side), blocks: blocksOf(part, side) }),
  }));
  return ownedTables(languageOf.nftables.parse(texts).doc);
}

function blocksOf({ members }: FamilyPart, side: "before" | "after"): readonly TableBlock[] {
  return members.flatMap((member) => member[side].objects?.blocks ?? []);
}

/** An entry that only Services outside of the part refer to on this side is as the other side has it. */
function entriesOf(
  { members, ledger }: FamilyPart,
  side: "before" | "after",
): Readonly<Record<string, ReadonlyMap<string, unknown>>> {
  const entries: Record<string, Map<string, unknown>> = {};
  const fragments = [
    ...members.map((member) => member[side]),
    ...members.flatMap(({ before, after }) => [before, after]),
  ];
  for (const [set, keys] of touchedEntries(members)) {
    const counts = ledger.entries.get(set);
    const there = [...keys].filter((key) => counts?.has(key));
    const entryOf = (key: string): unknown =>
      fragments.find(({ objects }) => objects?.entries[set]?.has(key))?.objects?.entries[set]?.get(key);
    entries[set] = new Map(there.map((key) => [key, entryOf(key)]));
  }
  return entries;
}
