import type { LookupEntry, LookupField, LookupIn, LookupPart, LookupSet } from "../ir/datapath.ts";
import {
  type AddressSet,
  addressNumber,
  canonicalAddress,
  contains,
  intersect,
  isAddress,
  parseAddressSet,
  unite,
} from "./address-set.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { all, type Matched, none, unknown, within } from "./matched.ts";

/** Whether the packet is in the set, compared by the directions that the rule names. A set may match on the source. */
export function matchLookup(
  { set: name, sides, text }: LookupIn & { readonly text: string },
  flow: Flow,
  host: EvaluatedHost,
): Matched {
  const set = host.sets.get(name);
  const fields = set?.fields;
  // The kernel compares as many fields as the set has; a rule with more or fewer directions would not load.
  if (set === undefined || fields === undefined || fields.length !== sides.length) return unknown(text);
  if (!fields.every((field, at) => field !== "port" || sides[at] === "destination")) return unknown(text);
  const index = indexOf(set, fields);
  if (!index.isReadable) return unknown(text);
  const sources: AddressSet[] = [];
  for (const entry of candidates(index, flow, sides)) {
    const answer = matchEntry(entry, sides, flow);
    if (answer === "all") return all;
    if (answer !== "none") sources.push(answer);
  }
  return sources.length === 0 ? none : within(unite(sources, flow.sources.bits), flow);
}

interface SetIndex {
  readonly first: LookupField | undefined;
  /** Every address in the set can be parsed. */
  readonly isReadable: boolean;
  /** Entries by their first part, where that is one address or one port. */
  readonly byFirst: ReadonlyMap<string, readonly LookupEntry[]>;
  /** Entries that begin with a range. */
  readonly ranged: readonly LookupEntry[];
  readonly every: readonly LookupEntry[];
}

const indexes = new WeakMap<LookupSet, SetIndex>();

function indexOf(set: LookupSet, [first]: readonly LookupField[]): SetIndex {
  const known = indexes.get(set);
  if (known !== undefined) return known;
  const byFirst = new Map<string, LookupEntry[]>();
  const ranged: LookupEntry[] = [];
  for (const entry of set.entries) {
    const key = singleKey(entry.parts[0]);
    const list = key === undefined ? ranged : (byFirst.get(key) ?? []);
    list.push(entry);
    if (key !== undefined) byFirst.set(key, list);
  }
  const isReadable = set.entries.every(({ parts }) => parts.every(isPartReadable));
  const index = { first, isReadable, byFirst, ranged, every: set.entries };
  indexes.set(set, index);
  return index;
}

function singleKey(part: LookupPart | undefined): string | undefined {
  if (part === undefined) return undefined;
  if (part.kind === "addresses") return isAddress(part.range) ? canonicalAddress(part.range) : undefined;
  return part.ports.from === part.ports.to ? String(part.ports.from) : undefined;
}

function isPartReadable(part: LookupPart): boolean {
  return part.kind === "ports" || isAddress(part.range) || parseAddressSet(part.range) !== undefined;
}

/** Entries with one address are looked up. Networks, and sets that match on the source, are searched in full. */
function candidates(index: SetIndex, flow: Flow, [side]: LookupIn["sides"]): readonly LookupEntry[] {
  const { first, byFirst, ranged, every } = index;
  if (side !== "destination" || first === "network") return every;
  const exact = byFirst.get(first === "port" ? String(flow.port) : flow.destination) ?? [];
  return ranged.length === 0 ? exact : [...exact, ...ranged];
}

function matchEntry({ parts }: LookupEntry, sides: LookupIn["sides"], flow: Flow): "all" | "none" | AddressSet {
  let sources: AddressSet | undefined;
  for (const [at, part] of parts.entries()) {
    if (part.kind === "ports") {
      const { from, to } = part.ports;
      if (!part.protocols.includes(flow.packet.protocol) || flow.port < from || to < flow.port) return "none";
      continue;
    }
    const addresses = parseAddressSet(part.range);
    if (addresses === undefined || addresses.bits !== flow.sources.bits) return "none";
    if (sides[at] === "source") sources = sources === undefined ? addresses : intersect(sources, addresses);
    else if (!contains(addresses, addressNumber(flow.destination))) return "none";
  }
  return sources ?? "all";
}
