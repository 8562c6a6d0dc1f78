import type { Action, Dnat, Stage } from "../ir/datapath.ts";
import { addressNumber, canonicalAddress, isAddress, isIpv6, numberAddress } from "./address-set.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { familyOf } from "./match-packet.ts";
import { share, times } from "./share.ts";
import { forkOnUnknown, type Ways } from "./split-flow.ts";

export interface ActionContext {
  readonly stage: Stage;
  readonly host: EvaluatedHost;
}

/** Applies the action of a rule that neither calls a chain nor chooses among actions to a flow. */
export function applyAction(
  action: Exclude<Action, { readonly kind: "jump" | "goto" | "sequence" | "by-element" | "share-out" }>,
  flow: Flow,
  context: ActionContext,
  ways: Ways,
): void {
  switch (action.kind) {
    case "continue":
      ways.next.push(flow);
      return;
    case "verdict":
      ways.exits.push({ flow, how: exitOf[action.verdict] });
      return;
    case "reject":
      ways.exits.push({ flow, how: "rejected", rejectedWith: action.with });
      return;
    case "dnat":
      translate(action, flow, context.host, ways);
      return;
    case "masquerade":
      ways.exits.push({ flow: { ...flow, masqueraded: true }, how: "accepted" });
      return;
    case "snat":
      ways.exits.push({ flow: { ...flow, masqueraded: true, newSource: action.address }, how: "accepted" });
      return;
    case "map-network":
      mapNetwork(action.to, flow, context.stage, ways);
      return;
    case "set-mark":
    case "save-mark":
    case "restore-mark":
      ways.next.push(changeMark(action, flow));
      return;
    case "no-track":
      ways.next.push(untrack(flow, context.stage));
      return;
    case "unknown":
      if (action.ends) ways.exits.push({ flow, how: "unknown" });
      else forkOnUnknown(action.text, flow, ways);
  }
}

const exitOf = { accept: "accepted", drop: "dropped", return: "fall-through" } as const;

/** Larger port ranges are not expanded port by port. */
const mostPorts = 64;

/** Translates the destination address or port. The flow leaves the chain, and no further nat rule is evaluated. */
function translate({ to, ports, isRandom }: Dnat, flow: Flow, host: EvaluatedHost, { exits }: Ways): void {
  const destination =
    to.kind === "address" ? to.address : to.kind === "this-node" ? ownAddress(flow, host) : flow.destination;
  const chosen = portsOf(ports, flow.port, isRandom);
  if (!isAddress(destination) || isIpv6(destination) !== (flow.sources.bits === 128) || chosen === undefined) {
    exits.push({ flow, how: "unknown" });
    return;
  }
  const address = canonicalAddress(destination);
  for (const port of chosen) {
    const part = chosen.length === 1 ? flow.share : times(flow.share, share(1, chosen.length));
    exits.push({ flow: { ...flow, share: part, destination: address, port, dnatted: true }, how: "accepted" });
  }
}

/**
 * Without `--random` a packet keeps its port if that is in the range, or gets the first free port. With `--random` it
 * gets any port of the range (nf_nat_l4proto_unique_tuple).
 */
function portsOf(ports: Dnat["ports"], own: number, isRandom: boolean): readonly number[] | undefined {
  if (ports === undefined) return [own];
  const { from, to } = ports;
  if (to > 65_535 || to < from) return undefined;
  if (!isRandom) return [from <= own && own <= to ? own : from];
  return to - from >= mostPorts ? undefined : Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/**
 * The address of the interface that the packet came in by, which is one of the node's; loopback for what the node sends
 * (nf_nat_redirect_ipv4 and _ipv6). The text does not show which interface: the first address stands for all.
 */
function ownAddress(flow: Flow, { world }: EvaluatedHost): string {
  const isWide = familyOf(flow) === "ipv6";
  const loopback = isWide ? "::1" : "127.0.0.1";
  if (flow.hook === "output") return loopback;
  return world.nodeAddresses.find((address) => isAddress(address) && isIpv6(address) === isWide) ?? loopback;
}

/**
 * Keeps the host part: of the destination where a packet comes in or is sent, of the source in POSTROUTING and INPUT.
 */
function mapNetwork(to: string, flow: Flow, { hook }: Stage, { exits }: Ways): void {
  if (hook === "postrouting" || hook === "input") {
    exits.push({ flow: { ...flow, masqueraded: true, newSource: to }, how: "accepted" });
    return;
  }
  const { bits } = flow.sources;
  const [network = "", length = String(bits)] = to.split("/");
  const isKnown = isAddress(network) && isIpv6(network) === (bits === 128) && /^\d{1,3}$/.test(length);
  if (!isKnown || Number(length) > bits) {
    exits.push({ flow, how: "unknown" });
    return;
  }
  const size = 1n << BigInt(bits - Number(length));
  const [own, other] = [addressNumber(flow.destination), addressNumber(network)];
  const destination = numberAddress(other - (other % size) + (own % size), bits);
  exits.push({ flow: { ...flow, destination, dnatted: true }, how: "accepted" });
}

type MarkAction = Extract<Action, { readonly kind: "set-mark" | "save-mark" | "restore-mark" }>;

/** After mark_tg and connmark_tg of the kernel's xt_mark.c and xt_connmark.c. */
function changeMark(action: MarkAction, flow: Flow): Flow {
  const { mark, connectionMark } = flow;
  switch (action.kind) {
    case "set-mark": {
      const marked = changeBits(action.of === "packet" ? mark : connectionMark, action.mask, action.value);
      return action.of === "packet" ? { ...flow, mark: marked } : { ...flow, connectionMark: marked };
    }
    case "save-mark": {
      const saved = mark === undefined ? undefined : (mark & action.packetMask) >>> 0;
      return { ...flow, connectionMark: changeBits(connectionMark, action.connectionMask, saved) };
    }
    case "restore-mark": {
      const saved = connectionMark === undefined ? undefined : (connectionMark & action.connectionMask) >>> 0;
      return { ...flow, mark: changeBits(mark, action.packetMask, saved) };
    }
  }
}

/** Clears the bits of the mask, then flips those of the value. The result of an unknown mark is unknown. */
function changeBits(mark: number | undefined, mask: number, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (mask === 0xffffffff) return value;
  return mark === undefined ? undefined : ((mark & ~mask) ^ value) >>> 0;
}

/** The priority at which conntrack sees packets (NF_IP_PRI_CONNTRACK). */
const conntrackPriority = -200;

/** Has no effect after conntrack, nor on packets that come back over lo: these are tracked already. */
function untrack(flow: Flow, { priority }: Stage): Flow {
  const isBack = flow.packet.entry === "node" && flow.hook === "prerouting";
  return isBack || priority >= conntrackPriority ? flow : { ...flow, state: "UNTRACKED" };
}
