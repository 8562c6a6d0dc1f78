import {
  type AddressSet,
  complement,
  type Interval,
  intersect,
  isEmpty,
  isEverything,
  numberAddress,
  parseAddressSet,
  placeOf,
  printCidrs,
  sameSet,
  subtract,
  unite,
} from "../datapath/address-set.ts";
import type { Entry } from "../datapath/packet.ts";
import type { SideNode } from "./side.ts";

const entryNames: Readonly<Record<Entry, string>> = {
  outside: "sources outside this node",
  pod: "pods of this node",
  node: "the node itself",
};

const mostCidrs = 3;

/** The last names: the same sources recur at one destination after the other, and may be thousands of addresses. */
const recent: { readonly name: string; readonly asked: Parameters<typeof nameSources> }[] = [];
const mostRecent = 16;

/** The name of a class of sources: `203.0.113.0/24`, `pods of node2`, `sources outside this node except 10.0.0.0/8`. */
export function nameSources(
  entry: Entry,
  sources: AddressSet,
  whole: AddressSet,
  nodes: readonly Pick<SideNode, "world" | "podRangesOf">[],
): string {
  const known = recent.find(
    ({ asked: [ofEntry, ofSources, ofWhole, ofNodes] }) =>
      ofEntry === entry &&
      sameSet(ofSources, sources) &&
      sameSet(ofWhole, whole) &&
      nodes.length === ofNodes.length &&
      nodes.every((node, at) => node === ofNodes[at]),
  );
  if (known !== undefined) return known.name;
  const name = findName(entry, sources, whole, nodes);
  recent.unshift({ name, asked: [entry, sources, whole, nodes] });
  recent.splice(mostRecent);
  return name;
}

function findName(...[entry, sources, whole, nodes]: Parameters<typeof nameSources>): string {
  const name = entryNames[entry];
  if (sameSet(sources, whole)) return name;
  if (entry === "node" && nodes.every(({ world }) => isOwn(sources, world.nodeAddresses))) return name;
  if (entry === "node") return `the node itself as ${printCidrs(sources).slice(0, mostCidrs).join(", ")}`;
  const ofNode = nodes.flatMap(({ podRangesOf }) => [...podRangesOf]).find(([, ranges]) => isAll(sources, ranges));
  if (ofNode !== undefined) return `pods of ${ofNode[0]}`;
  const free = complement(whole);
  const networks = networksOf(sources, free);
  if (networks.length <= mostCidrs) return printFirst(networks, sources).join(", ");
  const hull = hullOf(sources);
  const missing = networksOf(subtract(intersect(whole, hull), sources), unite([free, complement(hull)], hull.bits));
  if (missing.length <= mostCidrs)
    return `${isEverything(hull) ? name : printCidrs(hull)} except ${printFirst(missing, sources).join(", ")}`;
  const first = printFirst(networks, sources).join(", ");
  return `${name}, ${first} and ${networks.length - mostCidrs} more networks`;
}

/** The smallest network that contains all of the addresses. */
function hullOf({ bits, intervals }: AddressSet): AddressSet {
  const [first, last] = [intervals[0]?.from ?? 0n, intervals.at(-1)?.to ?? 0n];
  const length = (first ^ last).toString(2).replace(/^0/, "").length;
  return parseAddressSet(`${numberAddress(first, bits)}/${bits - length}`) as AddressSet;
}

function isAll(sources: AddressSet, ranges: readonly string[]): boolean {
  const [range, ...more] = ranges.map(parseAddressSet).filter((set) => set?.bits === sources.bits);
  return range !== undefined && more.length === 0 && !isEmpty(intersect(range, sources)) && sameSet(range, sources);
}

/** Whether the sources include all own addresses of the node. A local destination may be among them as well. */
function isOwn(sources: AddressSet, addresses: readonly string[]): boolean {
  const own = addresses.map(parseAddressSet).filter((set) => set?.bits === sources.bits) as AddressSet[];
  return own.length > 0 && own.every((address) => isEmpty(subtract(address, sources)));
}

/**
 * The fewest CIDRs that contain all addresses of a set, and no others except `free` ones. The names claim nothing about
 * free addresses, such as a node's own among external ones. Each CIDR is as small as possible.
 */
export function fewestNetworks(wanted: AddressSet, free: AddressSet): readonly string[] {
  return networksOf(wanted, free).map((network) => printNetwork(network, wanted));
}

function printFirst(networks: readonly Interval[], { bits }: AddressSet): readonly string[] {
  return networks.slice(0, mostCidrs).map((network) => printNetwork(network, { bits }));
}

function printNetwork(network: Interval, { bits }: Pick<AddressSet, "bits">): string {
  return printCidrs({ bits, intervals: [network] }).join(", ");
}

function networksOf(wanted: AddressSet, free: AddressSet): readonly Interval[] {
  const { bits } = wanted;
  const allowed = unite([wanted, free], bits);
  const networks: Interval[] = [];
  let covered = -1n;
  for (const { from, to } of wanted.intervals) {
    for (let at = from > covered ? from : covered + 1n; at <= to; at = covered + 1n) {
      const room = allowed.intervals[placeOf(allowed, at)] as Interval;
      const network = narrowed(largestBlock(at, room, bits), wanted);
      networks.push(network);
      covered = network.to;
    }
  }
  return networks;
}

/** The largest power-of-two block around an address that fits in an interval. */
function largestBlock(address: bigint, { from, to }: Interval, bits: number): Interval {
  let block = { from: address, to: address };
  for (let length = 1; length <= bits; length += 1) {
    const next = blockOf(address, length);
    if (next.from < from || next.to > to) break;
    block = next;
  }
  return block;
}

/** The smallest block that contains everything a block shares with some intervals. */
function narrowed(block: Interval, { bits, intervals }: AddressSet): Interval {
  const first = intervals[placeOf({ intervals }, block.from)];
  const behind = placeOf({ intervals }, block.to);
  const reached = intervals[behind];
  const last = reached !== undefined && reached.from <= block.to ? reached : intervals[behind - 1];
  const from = first !== undefined && first.from > block.from ? first.from : block.from;
  const to = last !== undefined && last.to < block.to ? last.to : block.to;
  let length = 0;
  while (length < bits && blockOf(from, length).to < to) length += 1;
  return blockOf(from, length);
}

/** The block of 2^length addresses that contains an address. */
function blockOf(address: bigint, length: number): Interval {
  const from = (address >> BigInt(length)) << BigInt(length);
  return { from, to: from + (1n << BigInt(length)) - 1n };
}
