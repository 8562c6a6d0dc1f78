import type { SavedSet } from "../tools/ipset/parse.ts";
import type { Match } from "../tools/iptables/parsed.ts";
import { type AddressSet, contains, parseAddressSet, unite } from "./address-set.ts";
import { addressNumber } from "./addresses.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { all, type Matched, none, unknown, within } from "./match-packet.ts";

type SetMatch = Extract<Match, { kind: "set" }>;

/** Whether the packet is in the set, taken by the sides that the rule names; by source where the set has one. */
export function matchSet(match: SetMatch, flow: Flow, host: EvaluatedHost): Matched {
  const what = `-m set --match-set ${match.name} ${match.sides.join(",")}`;
  const set = host.sets.get(match.name);
  const fields = set?.type.split(":")[1]?.split(",") ?? [];
  if (set === undefined || !fields.every((field, at) => isModelled(field, match.sides[at]))) {
    return unknown(what);
  }
  // The kernel compares as many fields as the set has; a rule that names fewer or more sides would not load.
  if (fields.length !== match.sides.length) return unknown(what);
  const places = candidates(set, flow, match.sides);
  const sources: AddressSet[] = [];
  for (const entry of places) {
    const answer = matchEntry(set, fields, match.sides, { parts: entry.split(","), flow });
    if (answer === "all") return all;
    if (answer !== "none") sources.push(answer);
  }
  return sources.length === 0 ? none : within(unite(sources, flow.sources.bits), flow);
}

function isModelled(field: string, side: "src" | "dst" | undefined): boolean {
  return field === "ip" || field === "net" || (field === "port" && side === "dst");
}

interface EntryIndex {
  readonly byFirst: ReadonlyMap<string, readonly string[]>;
  readonly every: readonly string[];
}

const indexes = new WeakMap<SavedSet, EntryIndex>();

/** Entries of one address are found by it; networks, and sets asked by source, are walked. */
function candidates(set: SavedSet, flow: Flow, [first]: readonly ("src" | "dst")[]): readonly string[] {
  let index = indexes.get(set);
  if (index === undefined) {
    const byFirst = new Map<string, string[]>();
    for (const { text } of set.entries) {
      const key = text.split(",", 1)[0] ?? "";
      const list = byFirst.get(key);
      if (list === undefined) byFirst.set(key, [text]);
      else list.push(text);
    }
    index = { byFirst, every: set.entries.map(({ text }) => text) };
    indexes.set(set, index);
  }
  if (set.type === "bitmap:port") return index.byFirst.get(String(flow.port)) ?? [];
  const isExact = /^hash:ip(?:,|$)/.test(set.type) && first === "dst";
  return isExact ? (index.byFirst.get(flow.destination) ?? []) : index.every;
}

interface Entry {
  readonly parts: readonly string[];
  readonly flow: Flow;
}

function matchEntry(
  set: SavedSet,
  fields: readonly string[],
  sides: readonly ("src" | "dst")[],
  { parts, flow }: Entry,
): "all" | "none" | AddressSet {
  let sources: AddressSet | undefined;
  for (const [at, field] of fields.entries()) {
    const part = parts[at] ?? "";
    if (field === "port") {
      if (!portMatches(set, part, flow)) return "none";
      continue;
    }
    const addresses = parseAddressSet(part);
    if (addresses === undefined || addresses.bits !== flow.sources.bits) return "none";
    if (sides[at] === "src") sources = addresses;
    else if (!contains(addresses, addressNumber(flow.destination))) return "none";
  }
  return sources ?? "all";
}

/** A bitmap does not tell TCP from UDP, and takes no other protocol (ip_set_get_ip_port in the kernel). */
function portMatches(set: SavedSet, part: string, { packet, port }: Flow): boolean {
  if (set.type === "bitmap:port") return packet.protocol !== "sctp" && part === String(port);
  return part === `${packet.protocol}:${port}`;
}
