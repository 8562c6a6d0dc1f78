import type { Elements, Hook, VirtualServer } from "../ir/datapath.ts";
import { type AddressSet, sameSet } from "./address-set.ts";
import type { Assumption, ConnectionState, Hop, Packet, Scheduling } from "./packet.ts";
import { isNothing, type Share, sameShare } from "./share.ts";

/** The packets that took the same path so far. */
export interface Flow {
  readonly packet: Packet;
  /** The current hook; undefined before the first. */
  readonly hook: Hook | undefined;
  readonly sources: AddressSet;
  readonly share: Share;
  readonly destination: string;
  readonly port: number;
  readonly state: ConnectionState;
  /** Undefined where the mark was restored from a connection whose mark is unknown. */
  readonly mark: number | undefined;
  /** Conntrack's mark of the connection; undefined where packets before this one may have set it. */
  readonly connectionMark: number | undefined;
  readonly dnatted: boolean;
  readonly masqueraded: boolean;
  /** The new source address that a rule sets, as spelled. */
  readonly newSource: string | undefined;
  /** Set once IPVS has sent the packet on. */
  readonly virtualServer: VirtualServer | undefined;
  readonly scheduling: Scheduling | undefined;
  /** Seconds, from the persistence of the virtual server. */
  readonly persistence: number | undefined;
  readonly assumptions: readonly Assumption[];
  /** Lists of `-m recent` that were checked, with their seconds, and lists that now contain the client. */
  readonly asked: ReadonlyMap<string, number>;
  readonly remembers: readonly string[];
  readonly hops: HopList | undefined;
}

/** The last hop first: flows that fork share the earlier hops. */
export interface HopList {
  readonly hop: Hop;
  readonly before: HopList | undefined;
}

/** How a part of the packets left a chain. After a fall-through, evaluation continues behind the calling rule. */
export interface ChainExit {
  readonly flow: Flow;
  readonly how: "accepted" | "dropped" | "rejected" | "fall-through" | "unknown";
  readonly rejectedWith?: string | undefined;
  /** Why the end is unknown, where that is not the effect of the last rule. */
  readonly because?: string | undefined;
}

/** An assumption about the packet as it is now: an answer from before DNAT may not hold any more. */
export function questionOf(what: string, { dnatted, virtualServer }: Flow): string {
  // The incoming interface never changes.
  if (what.startsWith("-i ")) return what;
  return `${what}${dnatted ? ", once translated" : ""}${virtualServer === undefined ? "" : ", once sent on"}`;
}

export function hopsOf({ hops }: Flow): readonly Hop[] {
  const list: Hop[] = [];
  for (let each = hops; each !== undefined; each = each.before) list.push(each.hop);
  return list.reverse();
}

export function addHop(flow: Flow, hop: Hop): Flow {
  return { ...flow, hops: { hop, before: flow.hops } };
}

/** The same flow, with more about the rule that it met last. */
export function describeHop(flow: Flow, more: Partial<Extract<Hop, { readonly kind: "rule" }>>): Flow {
  const { hops } = flow;
  if (hops?.hop.kind !== "rule") return flow;
  return { ...flow, hops: { hop: { ...hops.hop, ...more }, before: hops.before } };
}

/** The same flow without its last hop, where that is a rule that only looked for an element of these. */
export function withoutIdleHop(flow: Flow, elements: Elements): Flow {
  const hop = flow.hops?.hop;
  const isIdle = hop?.kind === "rule" && hop.rule.action.kind === "by-element" && hop.rule.action.elements === elements;
  return isIdle ? { ...flow, hops: flow.hops?.before } : flow;
}

/**
 * Drops assumptions that make no difference: two flows that differ in one answer only become one flow without the
 * assumption. Without this each unknown match of a foreign chain would double the number of flows.
 */
export function mergeFlows(flows: readonly Flow[]): readonly Flow[] {
  if (flows.every(({ assumptions }) => assumptions.length === 0)) {
    return flows.filter(({ share }) => !isNothing(share));
  }
  const merged: Flow[] = [];
  const places = new Map<string, number[]>();
  for (const flow of flows) {
    const key = keyOf(flow);
    const alike = places.get(key) ?? [];
    const twin = alike.find((place) => isTwin(merged[place], flow));
    if (twin !== undefined) merged[twin] = { ...flow, assumptions: flow.assumptions.slice(0, -1) };
    else {
      alike.push(merged.length);
      places.set(key, alike);
      merged.push(flow);
    }
  }
  // A merged flow may equal another one now.
  return merged.length < flows.length ? mergeFlows(merged) : merged;
}

/** Equal for flows that can be merged. */
function keyOf({ mark, connectionMark, state, remembers, asked, assumptions }: Flow): string {
  const answers = assumptions.map(({ what, holds }, at) => [what, at < assumptions.length - 1 && holds]);
  return JSON.stringify([mark, connectionMark, state, remembers, [...asked], answers]);
}

function isTwin(a: Flow | undefined, b: Flow): boolean {
  if (a === undefined || a.assumptions.length !== b.assumptions.length) return false;
  return (
    a.assumptions.at(-1)?.holds !== b.assumptions.at(-1)?.holds &&
    a.destination === b.destination &&
    a.port === b.port &&
    a.dnatted === b.dnatted &&
    a.masqueraded === b.masqueraded &&
    a.newSource === b.newSource &&
    a.virtualServer === b.virtualServer &&
    sameShare(a.share, b.share) &&
    sameSet(a.sources, b.sources)
  );
}
