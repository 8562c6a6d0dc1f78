import { type Cidr, cidrContains, parseIp } from "../../model/address.ts";
import type { SavedServer } from "../../tools/ipvs/parse.ts";
import { printServers } from "../../tools/ipvs/parse.ts";
import type { OwnedServer, OwnedSet } from "./owned-state.ts";

export function ownedServers(servers: readonly SavedServer[]): ReadonlyMap<string, OwnedServer> {
  return new Map(servers.map(ownedServer).map((server) => [server.key, server]));
}

/** Taken from how it is spelled, so that nothing a tool may print is lost. */
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

/** What decides whether a virtual server of a host is ours. */
export interface ServerClaims {
  /** Of the device kube-ipvs0: `10.96.0.10/32`. */
  readonly addresses: ReadonlySet<string>;
  readonly sets: ReadonlyMap<string, OwnedSet>;
  /** Keys that the wanted state has. */
  readonly wanted: ReadonlySet<string>;
  /** `ipvs.excludeCIDRs`: what is in them is somebody else's. */
  readonly excluded: readonly Cidr[];
}

/** A virtual server is ours when it is wanted, on an address of ours, or on a node port or address our sets name. */
export function isOurs({ protocol, address }: SavedServer, { key }: OwnedServer, claims: ServerClaims): boolean {
  const [, host = "", port = ""] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address) ?? [];
  const ip = parseIp(host);
  if (claims.wanted.has(key)) return true;
  if (ip === undefined || claims.excluded.some((cidr) => cidrContains(cidr, ip))) return false;
  if (claims.addresses.has(`${host}/${ip.family === "ipv4" ? 32 : 128}`)) return true;
  for (const { name, entries } of claims.sets.values()) {
    if (entries.has(`${host},${protocol}:${port}`)) return true;
    if (isNodePortSet(name, protocol, ip.family) && entries.has(port)) return true;
  }
  return false;
}

function isNodePortSet(name: string, protocol: string, family: "ipv4" | "ipv6"): boolean {
  const prefix = family === "ipv4" ? "KUBE-NODE-PORT-" : "KUBE-6-NODE-PORT-";
  const transport = protocol.toUpperCase();
  return name === prefix + transport || name === `${prefix}LOCAL-${transport}`;
}
