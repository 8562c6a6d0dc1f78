import {
  type AddressSet,
  addressNumber,
  complement,
  isEmpty,
  lastAddress,
  numberAddress,
  parseAddressSet,
  subtract,
  unite,
} from "../../datapath/address-set.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import { isLocal } from "../../datapath/match-packet.ts";
import type { Protocol } from "../../datapath/packet.ts";
import {
  type Destination,
  isReferenced,
  protocols,
  type ReferencedDestinations,
  referencedDestinations,
  uniteReferenced,
} from "./referenced-destinations.ts";

/**
 * Every destination that either host treats specially, and one for each kind of destination that none names. Hosts that
 * agree on all of these agree on every packet of these families, protocols and states.
 */
export function enumerateDestinations(hosts: readonly EvaluatedHost[]): readonly Destination[] {
  const references = hosts.map(referencedDestinations);
  const referenced = uniteReferenced(references);
  const unused = unusedPort(referenced);
  const destinations: Destination[] = [];
  const add = (destination: Destination): void => {
    destinations.push({ ...destination, isNamed: references.map((each) => isReferenced(each, destination)) });
  };
  const nodeAddresses = [
    ...new Set(hosts.flatMap(({ world }) => world.nodeAddresses)),
    ...loopbacks(hosts, referenced),
  ];
  for (const [address, ports] of referenced.byAddress) {
    for (const text of ports) add(destinationOf("address", address, text));
    for (const protocol of protocols) add(destinationOf("other-ports", address, `${protocol} ${unused}`));
  }
  for (const address of nodeAddresses) {
    const own = referenced.byAddress.get(address);
    for (const text of referenced.anywhere) if (!own?.has(text)) add(destinationOf("node-port", address, text));
    if (own !== undefined) continue;
    for (const protocol of protocols) add(destinationOf("other-ports", address, `${protocol} ${unused}`));
  }
  for (const address of boundAddresses(hosts, nodeAddresses)) {
    const own = referenced.byAddress.get(address);
    for (const text of referenced.anywhere) if (!own?.has(text)) add(destinationOf("bound", address, text));
  }
  for (const { address, network } of otherDestinations(referenced, hosts)) {
    const region = network === undefined ? {} : { network };
    for (const text of referenced.anywhere) add({ ...destinationOf("elsewhere", address, text), ...region });
    for (const protocol of protocols) {
      const destination = destinationOf("elsewhere", address, `${protocol} ${unused}`);
      add({ ...destination, ...region, isAnyPort: true });
    }
    const other = { ...destinationOf("elsewhere", address, `tcp ${unused}`), ...region };
    for (const state of ["ESTABLISHED", "INVALID"] as const) add({ ...other, state });
  }
  return destinations;
}

/**
 * Service addresses that are bound to one of the hosts, for the ports that rules match without an address. Addresses in the same
 * sets are treated alike, so one of them is enough.
 */
function boundAddresses(hosts: readonly EvaluatedHost[], others: readonly string[]): readonly string[] {
  const all = new Set(hosts.flatMap((host) => [...host.localAddresses]));
  const addresses = [...all].filter((address) => !others.includes(address));
  if (addresses.length === 0) return [];
  const chosen = new Map<string, string>();
  const sets = hosts.map((host) => [...addressSets(host), ...tableSets(host)]);
  for (const address of addresses) {
    const bound = hosts.map((host) => host.localAddresses.has(address));
    const kind = sets.map((ofHost) => ofHost.flatMap(({ name, texts }) => (texts.has(address) ? [name] : [])));
    const text = JSON.stringify([address.includes(":"), bound, kind]);
    if (!chosen.has(text)) chosen.set(text, address);
  }
  return [...chosen.values()];
}

interface NamedEntries {
  readonly name: string;
  readonly texts: ReadonlySet<string>;
}

/** Sets of ipset that hold addresses. */
function addressSets({ sets }: EvaluatedHost): readonly NamedEntries[] {
  return [...sets.values()]
    .filter(({ fields }) => fields?.length === 1 && fields[0] === "address")
    .map(({ name, entries }) => ({ name, texts: new Set(entries.map(({ text }) => text)) }));
}

/** Sets and maps of nftables; elements with more than an address equal no address. */
function tableSets({ families }: EvaluatedHost): readonly NamedEntries[] {
  return (["ipv4", "ipv6"] as const).flatMap((family) =>
    [...(families[family].sets ?? [])].flatMap(([table, sets]) =>
      [...sets].map(([name, texts]) => ({ name: `${table} ${name}`, texts: new Set(texts) })),
    ),
  );
}

function destinationOf(kind: Destination["kind"], address: string, text: string): Destination {
  const space = text.indexOf(" ");
  const protocol = text.slice(0, space) as Protocol;
  return { kind, address, port: Number(text.slice(space + 1)), protocol, state: "NEW" };
}

/** Where rules name 127.0.0.1, another address of 127.0.0.0/8 stands for those that they do not name. */
function loopbacks(hosts: readonly EvaluatedHost[], { byAddress }: ReferencedDestinations): readonly string[] {
  const has = (family: "ipv4" | "ipv6") => hosts.some(({ families }) => families[family].tables.size > 0);
  const others = byAddress.has("127.0.0.1") ? ["127.0.0.2", "127.0.0.3"].filter((each) => !byAddress.has(each)) : [];
  return [...(has("ipv4") ? ["127.0.0.1", ...others.slice(0, 1)] : []), ...(has("ipv6") ? ["::1"] : [])];
}

/** A port that no rule, set or virtual server names. */
function unusedPort({ byAddress, anywhere }: ReferencedDestinations): number {
  const used = new Set([...anywhere, ...[...byAddress.values()].flatMap((ports) => [...ports])]);
  let port = 9;
  while (protocols.some((protocol) => used.has(`${protocol} ${port}`))) port += 1;
  return port;
}

/** Unreferenced, non-local addresses: one for each region that the networks in rules and sets divide the rest into. */
function otherDestinations(
  { byAddress, networks }: ReferencedDestinations,
  hosts: readonly EvaluatedHost[],
): readonly OtherDestination[] {
  const isFree = (address: string) => !byAddress.has(address) && !hosts.some((host) => isLocal(address, host));
  const sets = [...networks].map(parseAddressSet).filter((set) => set !== undefined);
  return ([32, 128] as const).flatMap((bits) => {
    const family = bits === 32 ? "ipv4" : "ipv6";
    return hosts.some(({ families }) => families[family].tables.size > 0)
      ? chooseOtherDestinations(bits, sets, isFree)
      : [];
  });
}

interface OtherDestination {
  readonly address: string;
  /** The smallest network that contains it; undefined where none does. */
  readonly network: string | undefined;
}

/**
 * One free address for each region of a family: the addresses in a network and in no smaller one, and those in no
 * network. A region without a free address is left out.
 */
function chooseOtherDestinations(
  bits: 32 | 128,
  networks: readonly AddressSet[],
  isFree: (address: string) => boolean,
): readonly OtherDestination[] {
  const sorted = [...networks].filter((set) => set.bits === bits && !isEmpty(set)).sort(byStart);
  const chosen: OtherDestination[] = [];
  for (const [at, set] of sorted.entries()) {
    const smaller: AddressSet[] = [];
    for (let next = at + 1; startOf(sorted[next]) <= endOf(set); next += 1) smaller.push(sorted[next] as AddressSet);
    const address = lastFree(subtract(set, unite(smaller, bits)), isFree);
    if (address !== undefined) chosen.push({ address, network: printNetwork(set) });
  }
  const outside = complement(unite([...sorted, ...special(bits)], bits));
  const address = preferred(bits, sorted, isFree) ?? lastFree(outside, isFree);
  return address === undefined ? chosen : [{ address, network: undefined }, ...chosen];
}

/** Of networks with the same start the larger comes first, so that contained networks follow it. */
function byStart(a: AddressSet, b: AddressSet): number {
  if (startOf(a) !== startOf(b)) return startOf(a) < startOf(b) ? -1 : 1;
  return endOf(a) > endOf(b) ? -1 : 1;
}

function startOf(set: AddressSet | undefined): bigint {
  return set?.intervals[0]?.from ?? 1n << 128n;
}

function endOf({ intervals }: AddressSet): bigint {
  return intervals.at(-1)?.to ?? 0n;
}

/** An address that looks like that of a remote server. */
function preferred(
  bits: 32 | 128,
  networks: readonly AddressSet[],
  isFree: (address: string) => boolean,
): string | undefined {
  const address = bits === 32 ? "198.18.255.254" : "2001:db8:ffff::fffe";
  const value = addressNumber(address);
  const isInside = networks.some((set) => startOf(set) <= value && value <= endOf(set));
  return isInside || !isFree(address) ? undefined : address;
}

/** Ranges that ordinary packets are never sent to. */
function special(bits: 32 | 128): readonly AddressSet[] {
  const networks = bits === 32 ? ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"] : ["::/96", "fe80::/10", "ff00::/8"];
  return networks.map((network) => parseAddressSet(network) as AddressSet);
}

const mostTried = 100_000;

function lastFree(set: AddressSet, isFree: (address: string) => boolean): string | undefined {
  let tried = 0;
  for (const { from, to } of [...set.intervals].reverse()) {
    for (let value = to; value >= from && tried < mostTried; value -= 1n, tried += 1) {
      const address = numberAddress(value, set.bits);
      if (isFree(address)) return address;
    }
  }
  return undefined;
}

function printNetwork(set: AddressSet): string {
  const size = endOf(set) - startOf(set) + 1n;
  const length = set.bits - (size.toString(2).length - 1);
  return `${lastAddress({ ...set, intervals: [{ from: startOf(set), to: startOf(set) }] })}/${length}`;
}
