import type { TrafficChange } from "../traffic-diff.ts";
import { type Key, vipOf } from "./referenced-destinations.ts";

export interface KeyChange {
  readonly key: Key;
  readonly change: TrafficChange;
}

/** All that was asked about, and the addresses of the node. */
export interface Asked {
  readonly keys: readonly Key[];
  readonly nodeAddresses: readonly string[];
}

/**
 * One change for keys that change alike: a node port on several addresses, the unused ports of an address, the regions.
 * Where a node port or a region does not change alike everywhere, the name says what is meant.
 */
export function foldKeys(found: readonly KeyChange[], asked: Asked): readonly TrafficChange[] {
  const groups = new Map<string, { readonly keys: Key[]; readonly change: TrafficChange }>();
  for (const { key, change } of found) {
    const id = JSON.stringify([
      groupOf(key),
      { ...change, vip: "", port: 0, protocol: "", examplePacket: 0, ruleLines: 0 },
    ]);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { keys: [key], change });
    else group.keys.push(key);
  }
  return [...groups.values()].map(({ keys, change }) => {
    const isOneProtocol = keys.every(({ protocol }) => protocol === keys[0]?.protocol);
    return {
      ...change,
      vip: nameGroup(keys, change.vip, asked),
      protocol: isOneProtocol ? change.protocol : undefined,
    };
  });
}

function groupOf({ kind, address, port, protocol, state }: Key): string {
  switch (kind) {
    case "address":
      return `${address} ${port} ${protocol}`;
    case "node-port":
      return `node port ${port} ${protocol}`;
    case "bound":
      return `bound ${port} ${protocol}`;
    case "other-ports":
      return `others of ${address}`;
    case "elsewhere":
      return `elsewhere ${state}`;
  }
}

function nameGroup(keys: readonly Key[], vip: string, { keys: all, nodeAddresses }: Asked): string {
  const [first] = keys;
  if (first === undefined) return vip;
  switch (first.kind) {
    case "address":
    case "bound":
      return vip;
    case "other-ports":
      return keys.length > 1 ? `${first.address}, other ports` : vip;
    case "elsewhere":
      return first.state === "NEW" ? nameRegions(keys, all) : `${vip}${whereOf(keys, all, " to ")}`;
    case "node-port": {
      const isAsked = (address: string): boolean => keys.some((key) => key.address === address);
      if (nodeAddresses.every(isAsked)) return vip;
      const isIpv6 = first.address.includes(":");
      const own = nodeAddresses.filter((address) => address.includes(":") === isIpv6);
      if (own.length > 0 && own.every(isAsked)) {
        return own.length === nodeAddresses.length ? vip : `${vip} (${isIpv6 ? "IPv6" : "IPv4"})`;
      }
      return keys.map((key) => vipOf({ ...key, kind: "address" })).join(", ");
    }
  }
}

const mostNamed = 3;
const otherDestinations = "all other destinations";

/** `all other destinations`, `other addresses of 10.0.0.0/8`, `port 22/TCP of all other destinations`. */
function nameRegions(keys: readonly Key[], all: readonly Key[]): string {
  const where = whereOf(keys, all, "") || otherDestinations;
  const general = keys.filter(({ isAnyPort }) => isAnyPort);
  if (general.length > 0) {
    const names = new Set(general.map(({ protocol }) => protocol.toUpperCase()));
    return names.size === 3 ? where : `${where} (${[...names].join(", ")})`;
  }
  const ports = [...new Set(keys.map(({ port, protocol }) => `${port}/${protocol.toUpperCase()}`))];
  return `${ports.length === 1 ? "port" : "ports"} ${listed(ports)} of ${where}`;
}

/** Which networks are meant; nothing where it is those of no network, or all. */
function whereOf(keys: readonly Key[], all: readonly Key[], before: string): string {
  const addresses = new Set(keys.map(({ address }) => address));
  const isEverywhere = all.every(({ kind, address }) => kind !== "elsewhere" || addresses.has(address));
  const networks = new Set(keys.flatMap(({ network }) => (network === undefined ? [] : [network])));
  const hasRest = keys.some(({ network }) => network === undefined);
  return isEverywhere || hasRest ? "" : `${before}other addresses of ${listed([...networks])}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return more > 0 ? `${names.slice(0, mostNamed).join(", ")} and ${more} more` : names.join(", ");
}
