import {
  type AddressSet,
  complement,
  intersect,
  isEmpty,
  isEverything,
  parseAddressSet,
  printCidrs,
  sameSet,
  subtract,
  unite,
} from "../../../evaluate/address-set.ts";
import { numberAddress } from "../../../evaluate/addresses.ts";
import type { Entry } from "../../../evaluate/packet.ts";
import type { SideNode } from "../side.ts";
import { fewestNetworks } from "./fewest-networks.ts";

const entryNames: Readonly<Record<Entry, string>> = {
  outside: "outside",
  pod: "pods of this node",
  node: "the node itself",
};

const mostCidrs = 3;

/** What a class of sources is called: `outside`, `203.0.113.0/24`, `pods of node2`, `outside but 10.0.0.0/8`. */
export function nameSources(entry: Entry, sources: AddressSet, whole: AddressSet, nodes: readonly SideNode[]): string {
  const name = entryNames[entry];
  if (sameSet(sources, whole)) return name;
  if (entry === "node" && nodes.every(({ world }) => isOwn(sources, world.nodeAddresses))) return name;
  if (entry === "node") return `the node itself as ${printCidrs(sources).slice(0, mostCidrs).join(", ")}`;
  const ofNode = nodes.flatMap(({ podRangesOf }) => [...podRangesOf]).find(([, ranges]) => isAll(sources, ranges));
  if (ofNode !== undefined) return `pods of ${ofNode[0]}`;
  const free = complement(whole);
  const cidrs = fewestNetworks(sources, free);
  if (cidrs.length <= mostCidrs) return cidrs.join(", ");
  const hull = hullOf(sources);
  const missing = fewestNetworks(subtract(intersect(whole, hull), sources), unite([free, complement(hull)], hull.bits));
  if (missing.length <= mostCidrs) return `${isEverything(hull) ? name : printCidrs(hull)} but ${missing.join(", ")}`;
  return `${name}, ${cidrs.slice(0, mostCidrs).join(", ")} and ${cidrs.length - mostCidrs} more networks`;
}

/** The smallest network around all of the addresses. */
function hullOf({ bits, intervals }: AddressSet): AddressSet {
  const [first, last] = [intervals[0]?.from ?? 0n, intervals.at(-1)?.to ?? 0n];
  const length = (first ^ last).toString(2).replace(/^0/, "").length;
  return parseAddressSet(`${numberAddress(first, bits)}/${bits - length}`) as AddressSet;
}

function isAll(sources: AddressSet, ranges: readonly string[]): boolean {
  const [range, ...more] = ranges.map(parseAddressSet).filter((set) => set?.bits === sources.bits);
  return range !== undefined && more.length === 0 && !isEmpty(intersect(range, sources)) && sameSet(range, sources);
}

/** All addresses that the node has of itself: what it talks to may lie on it besides. */
function isOwn(sources: AddressSet, addresses: readonly string[]): boolean {
  const own = addresses.map(parseAddressSet).filter((set) => set?.bits === sources.bits) as AddressSet[];
  return own.length > 0 && own.every((address) => isEmpty(subtract(address, sources)));
}
