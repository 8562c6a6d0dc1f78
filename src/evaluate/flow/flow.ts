import type { SavedServer } from "../../tools/ipvs/parse.ts";
import type { AddressSet } from "../address-set.ts";
import type { Assumption, ConnectionState, Hop, Packet, Scheduling } from "../packet.ts";
import type { Share } from "./share.ts";

/** A part of the packets on their way: all that took the same turns so far. */
export interface Flow {
  readonly packet: Packet;
  /** Where it is: `PREROUTING`. */
  readonly hook: string;
  readonly sources: AddressSet;
  readonly share: Share;
  readonly destination: string;
  readonly port: number;
  readonly state: ConnectionState;
  readonly mark: number;
  /** Conntrack's mark of the connection; undefined where packets before this one may have set it. */
  readonly connectionMark: number | undefined;
  readonly translated: boolean;
  readonly masqueraded: boolean;
  /** Set once IPVS has sent the packet on. */
  readonly virtualServer: SavedServer | undefined;
  readonly scheduling: Scheduling | undefined;
  /** By the real server's persistence. */
  readonly persistence: number | undefined;
  readonly assumptions: readonly Assumption[];
  /** Lists of `-m recent` that were asked, with their seconds, and that now hold the client. */
  readonly asked: ReadonlyMap<string, number>;
  readonly remembers: readonly string[];
  readonly hops: HopList | undefined;
}

/** Last first: flows that part share what lies behind them. */
export interface HopList {
  readonly hop: Hop;
  readonly before: HopList | undefined;
}

/** How a part of the packets left a chain; what `fell` out of it goes on where the chain was called. */
export interface Left {
  readonly flow: Flow;
  readonly how: "accepted" | "dropped" | "rejected" | "fell";
  readonly rejectedWith?: string | undefined;
}

/** A question about the packet as it is now: what held before its destination was changed may not hold any more. */
export function questionOf(what: string, { translated, virtualServer }: Flow): string {
  // By its interface it came in once and for all.
  if (what.startsWith("-i ")) return what;
  return `${what}${translated ? ", once translated" : ""}${virtualServer === undefined ? "" : ", once sent on"}`;
}

export function hopsOf({ hops }: Flow): readonly Hop[] {
  const list: Hop[] = [];
  for (let each = hops; each !== undefined; each = each.before) list.push(each.hop);
  return list.reverse();
}

export function addHop(flow: Flow, hop: Hop): Flow {
  return { ...flow, hops: { hop, before: flow.hops } };
}
