import type { TrafficChange } from "../traffic-diff.ts";
import { type Destination, vipOf } from "./referenced-destinations.ts";

export interface DestinationChange {
  readonly destination: Destination;
  readonly change: TrafficChange;
}

/** All compared destinations, and the addresses of the node. */
export interface FoldContext {
  readonly destinations: readonly Destination[];
  readonly nodeAddresses: readonly string[];
}

/**
 * One change for destinations that change alike: a node port on several addresses, the unused ports of an address,
 * regions. Where not all of them change alike, the name lists those that do.
 */
export function foldDestinations(found: readonly DestinationChange[], context: FoldContext): readonly TrafficChange[] {
  const groups = new Map<string, { readonly destinations: Destination[]; readonly change: TrafficChange }>();
  const others = new Set(
    found.flatMap(({ destination, change }) =>
      destination.kind === "other-ports" ? [addressPart(destination) + treatmentOf(change)] : [],
    ),
  );
  for (const { destination, change } of found) {
    const effect = effectOf(change);
    // The unused ports of the address say it.
    if (destination.kind === "bound" && others.has(addressPart(destination) + treatmentOf(change))) continue;
    const id = `${groupOf(destination)} ${effect}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { destinations: [destination], change });
    else group.destinations.push(destination);
  }
  const elsewhere = new Set(
    context.destinations.flatMap(({ kind, address }) => (kind === "elsewhere" ? [address] : [])),
  );
  const { nodeAddresses } = context;
  return [...groups.values()].map(({ destinations, change }) => {
    const isOneProtocol = destinations.every(({ protocol }) => protocol === destinations[0]?.protocol);
    return {
      ...change,
      vip: nameGroup(destinations, change.vip, { elsewhere, nodeAddresses }),
      protocol: isOneProtocol ? change.protocol : undefined,
    };
  });
}

/** What changes, whatever the destination. */
function effectOf(change: TrafficChange): string {
  return JSON.stringify({ ...change, vip: "", port: 0, protocol: "", examplePacket: 0, examplePath: 0 });
}

/** How packets are treated, whosever the destination is. */
function treatmentOf({ kind, headline, before, after }: TrafficChange): string {
  return JSON.stringify([kind, headline, before, after]);
}

function addressPart({ address, protocol }: Destination): string {
  return `${address} ${protocol} `;
}

function groupOf({ kind, address, port, protocol, state }: Destination): string {
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

interface NameContext {
  /** The addresses of all regions. */
  readonly elsewhere: ReadonlySet<string>;
  readonly nodeAddresses: readonly string[];
}

function nameGroup(
  destinations: readonly Destination[],
  vip: string,
  { elsewhere, nodeAddresses }: NameContext,
): string {
  const [first] = destinations;
  if (first === undefined) return vip;
  switch (first.kind) {
    case "address":
    case "bound":
      return vip;
    case "other-ports":
      return destinations.length > 1 ? `${first.address}, other ports` : vip;
    case "elsewhere":
      return first.state === "NEW"
        ? nameRegions(destinations, elsewhere)
        : `${vip}${whereOf(destinations, elsewhere, " to ")}`;
    case "node-port": {
      const asked = new Set(destinations.map(({ address }) => address));
      const isAsked = (address: string): boolean => asked.has(address);
      if (nodeAddresses.every(isAsked)) return vip;
      const isIpv6 = first.address.includes(":");
      const own = nodeAddresses.filter((address) => address.includes(":") === isIpv6);
      if (own.length > 0 && own.every(isAsked)) {
        return own.length === nodeAddresses.length ? vip : `${vip} (${isIpv6 ? "IPv6" : "IPv4"})`;
      }
      return destinations.map((destination) => vipOf({ ...destination, kind: "address" })).join(", ");
    }
  }
}

const mostNamed = 3;
const otherDestinations = "all other destinations";

/** `all other destinations`, `other addresses of 10.0.0.0/8`, `port 22/TCP of all other destinations`. */
function nameRegions(destinations: readonly Destination[], elsewhere: ReadonlySet<string>): string {
  const where = whereOf(destinations, elsewhere, "") || otherDestinations;
  const general = destinations.filter(({ isAnyPort }) => isAnyPort);
  if (general.length > 0) {
    const names = new Set(general.map(({ protocol }) => protocol.toUpperCase()));
    return names.size === 3 ? where : `${where} (${[...names].join(", ")})`;
  }
  const ports = [...new Set(destinations.map(({ port, protocol }) => `${port}/${protocol.toUpperCase()}`))];
  return `${ports.length === 1 ? "port" : "ports"} ${listed(ports)} of ${where}`;
}

/** Names the networks of the regions; empty where they are in no network, or where all regions are included. */
function whereOf(destinations: readonly Destination[], elsewhere: ReadonlySet<string>, before: string): string {
  const addresses = new Set(destinations.map(({ address }) => address));
  // The destinations of a group are of one kind: these are addresses of regions too.
  const isEverywhere = addresses.size === elsewhere.size;
  const networks = new Set(destinations.flatMap(({ network }) => (network === undefined ? [] : [network])));
  const hasRest = destinations.some(({ network }) => network === undefined);
  return isEverywhere || hasRest ? "" : `${before}other addresses of ${listed([...networks])}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return more > 0 ? `${names.slice(0, mostNamed).join(", ")} and ${more} more` : names.join(", ");
}
