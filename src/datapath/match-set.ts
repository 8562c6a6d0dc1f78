import type { SavedSet } from "../languages/ipset/parse.ts";
import type { Match } from "../languages/iptables/rule.ts";
import { type AddressSet, contains, intersect, parseAddressSet, unite } from "./address-set.ts";
import { addressNumber, canonicalAddress, isAddress, isIpv6 } from "./addresses.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { all, type Matched, none, unknown, within } from "./match-packet.ts";

type SetMatch = Extract<Match, { kind: "set" }>;

/** Whether the packet is in the set, taken by the sides that the rule names; by source where the set has one. */
export function matchSet(match: SetMatch, flow: Flow, host: EvaluatedHost): Matched {
  const { name, sides } = match;
  const set = host.sets.get(name);
  const index = set && indexOf(set);
  // The kernel compares as many fields as the set has; a rule that names fewer or more sides would not load.
  if (!index?.isModelled || index.fields.length !== sides.length) return unknownSet(match);
  if (!index.fields.every((field, at) => field !== "port" || sides[at] === "dst")) return unknownSet(match);
  const sources: AddressSet[] = [];
  for (const entry of candidates(index, flow, sides)) {
    const answer = matchEntry(index.fields, sides, { parts: entry, flow });
    if (answer === "all") return all;
    if (answer !== "none") sources.push(answer);
  }
  return sources.length === 0 ? none : within(unite(sources, flow.sources.bits), flow);
}

function unknownSet({ name, sides }: SetMatch): Matched {
  return unknown(`-m set --match-set ${name} ${sides.join(",")}`);
}

interface SetIndex {
  readonly fields: readonly string[];
  /** Every field, entry and option has a meaning here. */
  readonly isModelled: boolean;
  /** Entries that begin with one address, or are one port, by it. */
  readonly byFirst: ReadonlyMap<string, readonly Entry[]>;
  /** Those that begin with a range. */
  readonly ranged: readonly Entry[];
  readonly every: readonly Entry[];
}

/** An address or a range of them, `tcp:80`, and so on: one for each field. */
type Entry = readonly string[];

const indexes = new WeakMap<SavedSet, SetIndex>();

function indexOf(set: SavedSet): SetIndex {
  const known = indexes.get(set);
  if (known !== undefined) return known;
  const fields = set.type.split(":")[1]?.split(",") ?? [];
  const byFirst = new Map<string, Entry[]>();
  const ranged: Entry[] = [];
  const every = set.entries.map(({ text }) => text.split(","));
  for (const entry of every) {
    const [first = ""] = entry;
    const key = isAddress(first) ? canonicalAddress(first) : first;
    const list = isAddress(first) || /^\d+$/.test(first) ? (byFirst.get(key) ?? []) : ranged;
    list.push(entry);
    if (list !== ranged) byFirst.set(key, list);
  }
  const index = { fields, isModelled: isModelled(set, fields, every), byFirst, ranged, every };
  indexes.set(set, index);
  return index;
}

/** A netmask makes networks of addresses, and `nomatch` holes in networks. */
function isModelled({ options, entries }: SavedSet, fields: readonly string[], every: readonly Entry[]): boolean {
  const isKnown = (entry: Entry) =>
    fields.every((field, at) => (field === "port" ? portRange : addressesOf)(entry[at] ?? "") !== undefined);
  return (
    fields.length > 0 &&
    fields.every((field) => field === "ip" || field === "net" || field === "port") &&
    !options.includes("netmask") &&
    !options.includes("bitmask") &&
    !entries.some((entry) => entry.options.includes("nomatch")) &&
    every.every(isKnown)
  );
}

/** Entries of one address are found by it; networks, and sets asked by source, are walked. */
function candidates(index: SetIndex, flow: Flow, [first]: readonly ("src" | "dst")[]): readonly Entry[] {
  const { fields, byFirst, ranged, every } = index;
  if (first !== "dst" || fields[0] === "net") return every;
  const exact = byFirst.get(fields[0] === "port" ? String(flow.port) : flow.destination) ?? [];
  return ranged.length === 0 ? exact : [...exact, ...ranged];
}

function matchEntry(
  fields: readonly string[],
  sides: readonly ("src" | "dst")[],
  { parts, flow }: { readonly parts: Entry; readonly flow: Flow },
): "all" | "none" | AddressSet {
  let sources: AddressSet | undefined;
  for (const [at, field] of fields.entries()) {
    const part = parts[at] ?? "";
    if (field === "port") {
      if (!portMatches(part, fields, flow)) return "none";
      continue;
    }
    const addresses = addressesOf(part);
    if (addresses === undefined || addresses.bits !== flow.sources.bits) return "none";
    if (sides[at] === "src") sources = sources === undefined ? addresses : intersect(sources, addresses);
    else if (!contains(addresses, addressNumber(flow.destination))) return "none";
  }
  return sources ?? "all";
}

/** An address, a network, or `10.0.0.1-10.0.0.9`, as `ipset restore` takes them. */
function addressesOf(part: string): AddressSet | undefined {
  const [from = "", to, ...more] = part.split("-");
  if (to === undefined) return parseAddressSet(part);
  if (!isAddress(from) || !isAddress(to) || isIpv6(from) !== isIpv6(to) || more.length > 0) return undefined;
  const interval = { from: addressNumber(from), to: addressNumber(to) };
  return interval.from > interval.to ? undefined : { bits: isIpv6(from) ? 128 : 32, intervals: [interval] };
}

interface EntryPorts {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

function portRange(part: string): EntryPorts | undefined {
  const [, protocol = "tcp", from = "", to = from] = /^(?:([a-z0-9]+):)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
  return from === "" ? undefined : { protocol, from: Number(from), to: Number(to) };
}

/** A bitmap, the one set of ports alone, does not tell TCP from UDP, and takes no other protocol (ip_set_get_ip_port). */
function portMatches(part: string, fields: readonly string[], { packet, port }: Flow): boolean {
  const ports = portRange(part);
  if (ports === undefined || port < ports.from || ports.to < port) return false;
  return fields.length === 1 ? packet.protocol !== "sctp" : packet.protocol === ports.protocol;
}
