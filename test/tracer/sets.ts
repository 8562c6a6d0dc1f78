import type { SavedSet } from "../../src/tools/ipset/parse.ts";
import type { Match } from "../../src/tools/iptables/parsed.ts";
import { rangeContains } from "./addresses.ts";
import type { Flow, World } from "./packet.ts";

type SetMatch = Extract<Match, { kind: "set" }>;

/** Whether the packet is in the set, taken by the sides that the rule names. */
export function setContains(match: SetMatch, flow: Flow, world: World): boolean {
  const set = world.ipvs?.sets.find(({ name }) => name === match.name);
  if (set === undefined) throw new Error(`there is no set ${match.name}`);
  const fields = set.type.split(":")[1]?.split(",") ?? [];
  if (fields.length !== match.sides.length) {
    throw new Error(`set ${set.name} is a ${set.type}, but asked by ${match.sides.join(",")}`);
  }
  return set.entries.some(({ text }) => {
    const parts = text.split(",");
    return fields.every((field, at) =>
      fieldMatches(set, { field, part: parts[at] ?? "", side: match.sides[at] }, flow),
    );
  });
}

interface Field {
  readonly field: string;
  readonly part: string;
  readonly side: "src" | "dst" | undefined;
}

function fieldMatches(set: SavedSet, { field, part, side }: Field, flow: Flow): boolean {
  switch (field) {
    case "ip":
    case "net":
      return rangeContains(part, side === "src" ? flow.packet.source : flow.destination);
    case "port":
      if (side === "src") throw new Error(`set ${set.name} is asked for a source port, which no packet here has`);
      return set.type === "bitmap:port" ? bitmapHolds(part, flow) : part === `${flow.packet.protocol}:${flow.port}`;
    default:
      throw new Error(`set ${set.name} holds ${field}, which is not modelled`);
  }
}

/** A bitmap does not tell TCP from UDP, and takes no other protocol (ip_set_get_ip_port in the kernel). */
function bitmapHolds(part: string, { packet, port }: Flow): boolean {
  return packet.protocol !== "sctp" && part === String(port);
}
