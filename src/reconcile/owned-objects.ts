import type { OwnedRules, OwnedServer, OwnedSet } from "../ir/owned.ts";
import type { SavedSet } from "../languages/ipset/text.ts";
import { ownedRules as ownedRulesIn } from "../languages/iptables/changes/owned-rules.ts";
import { printServers, type SavedServer } from "../languages/ipvs/text.ts";
import type { Ruleset } from "../languages/nftables/ruleset.ts";
import { tableName } from "../languages/nftables/stages.ts";
import { type Cidr, cidrContains, parseIp } from "../model/address.ts";
import { ownChains, ownSets, ownTables } from "../programs/registry.ts";
import type { OwnedState } from "./owned-state.ts";

/** Our rules of iptables. */
export function ownedRules(tables: Parameters<typeof ownedRulesIn>[0]): OwnedRules {
  return ownedRulesIn(tables, ownChains);
}

/** Whether the host has any of our rules. */
export function isAnythingOwned({ tables }: OwnedRules): boolean {
  return [...tables.values()].some(({ chains, jumps }) => chains.size > 0 || jumps.size > 0);
}

/** Our tables of nftables. */
export function ownedTables({ tables }: Ruleset): OwnedState["tables"] {
  return new Map(tables.filter(ownTables.isOwned).map((table) => [tableName(table), table]));
}

/** Our sets in a text. `held` contains the names of sets that foreign rules match on. */
export function ownedSets(sets: readonly SavedSet[], held: ReadonlySet<string>): ReadonlyMap<string, OwnedSet> {
  const owned = sets.filter(({ name }) => ownSets.isOwned(name));
  return new Map(owned.map((set) => [set.name, { ...ownedSet(set), isHeld: held.has(set.name) }]));
}

function ownedSet({ name, type, options, entries }: SavedSet): Omit<OwnedSet, "isHeld"> {
  const shape = shapeOf(type, options);
  return { name, shape, create: `create ${name} ${shape}`, entries: new Set(entries.map(({ text }) => text)) };
}

const kept = ["range", "family", "maxelem"];
const defaultRoom = " maxelem 65536";

/** The options that identify a set's shape: the kernel chooses and changes hash sizes and seeds. */
export function shapeOf(type: string, options: readonly string[]): string {
  let shape = type;
  for (const option of kept) {
    const at = options.indexOf(option);
    if (at >= 0) shape += ` ${option} ${options[at + 1] ?? ""}`;
  }
  return shape.replace(defaultRoom, "");
}

export function ownedServers(servers: readonly SavedServer[]): ReadonlyMap<string, OwnedServer> {
  return new Map(servers.map(ownedServer).map((server) => [server.key, server]));
}

/** Uses the tool's spelling, so that no option is lost. */
export function ownedServer(server: SavedServer): OwnedServer {
  const [first = "", ...rest] = printServers([server]).trimEnd().split("\n");
  const [, option, address, ...options] = first.split(" ");
  const realServers = new Map(
    rest.map((line) => {
      const words = line.split(" ");
      return [words[4] as string, words.slice(5).join(" ")] as const;
    }),
  );
  return { key: `${option} ${address}`, options: options.join(" "), realServers };
}

/** The facts that decide whether a virtual server is ours. */
export interface ServerClaims {
  /** Of the device kube-ipvs0: `10.96.0.10/32`. */
  readonly addresses: ReadonlySet<string>;
  readonly sets: ReadonlyMap<string, OwnedSet>;
  /** Keys in the desired state. */
  readonly desired: ReadonlySet<string>;
  /** `ipvs.excludeCIDRs`: virtual servers in these networks are foreign. */
  readonly excluded: readonly Cidr[];
}

/** A virtual server is ours if it is desired, on one of our addresses, or on a node port or address in our sets. */
export function isOurs({ protocol, address }: SavedServer, { key }: OwnedServer, claims: ServerClaims): boolean {
  const [, host = "", port = ""] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address) ?? [];
  const ip = parseIp(host);
  if (claims.desired.has(key)) return true;
  if (ip === undefined || claims.excluded.some((cidr) => cidrContains(cidr, ip))) return false;
  if (claims.addresses.has(`${host}/${ip.family === "ipv4" ? 32 : 128}`)) return true;
  for (const { name, entries } of claims.sets.values()) {
    if (entries.has(`${host},${protocol}:${port}`)) return true;
    if (ownSets.hasNodePorts(name, protocol, ip.family) && entries.has(port)) return true;
  }
  return false;
}
