import type { Table } from "../../src/tools/iptables/parsed.ts";
import { canonicalAddress, printAddressPort } from "./addresses.ts";
import { type Left, walkBuiltIn } from "./chains.ts";
import { isLocal } from "./matches.ts";
import type { Flow, Outcome, Packet, Verdict, World } from "./packet.ts";
import { ALL, plus, printShare, sameShare, total } from "./share.ts";
import { balance } from "./virtual-servers.ts";

/**
 * Where the first packet of a connection ends, through the filter and nat rules of one family, and through IPVS where
 * the world has it. The shares of the outcomes sum to one, in exact arithmetic.
 */
export function tracePacket(tables: readonly Table[], world: World, packet: Packet): readonly Outcome[] {
  const here = canonicalWorld(world);
  const destination = canonicalAddress(packet.destination);
  const start: Flow = {
    share: ALL,
    packet: { ...packet, source: canonicalAddress(packet.source) },
    destination,
    port: packet.port,
    mark: 0,
    translated: false,
    masqueraded: false,
  };
  const ends = hops(packet, here).reduce(
    (passed, hop) => passed.flatMap((end) => pass(end, { tables, world: here, hop })),
    [{ flow: start, how: "accepted" }] as readonly Left[],
  );
  const outcomes = ends.map(({ flow, how }) => ({ share: flow.share, verdict: verdictOf(flow, how) }));
  if (!sameShare(total(outcomes.map((outcome) => outcome.share)), ALL)) throw new Error("shares do not sum to one");
  return merge(outcomes);
}

function canonicalWorld({ nodeAddresses, ipvs }: World): World {
  const addresses = nodeAddresses.map(canonicalAddress);
  if (ipvs === undefined) return { nodeAddresses: addresses };
  return {
    nodeAddresses: addresses,
    ipvs: { ...ipvs, serviceAddresses: ipvs.serviceAddresses.map(canonicalAddress) },
  };
}

interface Hop {
  readonly place: string;
  readonly when: (flow: Flow) => boolean;
}

/** The hooks on the way; whether the packet is for this node is asked anew after its address was translated. */
function hops(packet: Packet, world: World): readonly Hop[] {
  const always = () => true;
  const local = (flow: Flow) => isLocal(flow.destination, world);
  const remote = (flow: Flow) => !local(flow);
  const sentOn = (flow: Flow) => remote(flow) && flow.virtualServer !== undefined;
  if (packet.entry === "node") {
    return [
      { place: "nat OUTPUT", when: always },
      // At priority NAT_DST + 2 of the hook, so before filter OUTPUT. What it sends on starts the hook again, but nat
      // asks a connection only once.
      { place: "ipvs", when: always },
      { place: "filter OUTPUT", when: always },
      { place: "nat POSTROUTING", when: always },
      // What a node sends to itself comes back in over lo; its connection has been through nat already.
      { place: "filter INPUT", when: local },
    ];
  }
  return [
    { place: "nat PREROUTING", when: always },
    { place: "filter INPUT", when: local },
    { place: "ipvs", when: local },
    // IPVS sends on by LOCAL_OUT: such a packet never sees FORWARD, and nat OUTPUT has nothing to say after PREROUTING.
    { place: "filter OUTPUT", when: sentOn },
    { place: "filter FORWARD", when: (flow) => remote(flow) && !sentOn(flow) },
    { place: "nat POSTROUTING", when: remote },
  ];
}

interface Passage {
  readonly tables: readonly Table[];
  readonly world: World;
  readonly hop: Hop;
}

function pass(end: Left, { tables, world, hop }: Passage): readonly Left[] {
  if (end.how !== "accepted" || !hop.when(end.flow)) return [end];
  if (hop.place === "ipvs") return world.ipvs === undefined ? [end] : balance(end.flow, world.ipvs);
  return walkBuiltIn(tables, hop.place, { flow: end.flow, world });
}

function verdictOf(flow: Flow, how: Left["how"]): Verdict {
  const { destination: address, port, masqueraded } = flow;
  const translated = flow.translated || flow.virtualServer !== undefined;
  if (how === "dropped") return { kind: "dropped" };
  if (how === "rejected") return { kind: "rejected" };
  return translated ? { kind: "delivered", address, port, masqueraded } : { kind: "untouched", masqueraded };
}

function merge(outcomes: readonly Outcome[]): readonly Outcome[] {
  const merged = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    const key = printVerdict(outcome.verdict);
    const before = merged.get(key);
    merged.set(key, before === undefined ? outcome : { ...outcome, share: plus(before.share, outcome.share) });
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, outcome]) => outcome);
}

export function printVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case "delivered":
      return `${printAddressPort(verdict.address, verdict.port)} ${verdict.masqueraded ? "masqueraded" : "source kept"}`;
    case "untouched":
      return verdict.masqueraded ? "untouched masqueraded" : "untouched";
    case "rejected":
      return "reject";
    case "dropped":
      return "drop";
  }
}

export function printOutcomes(outcomes: readonly Outcome[]): string {
  return outcomes.map((outcome) => `${printVerdict(outcome.verdict)} (${printShare(outcome.share)})`).join(" | ");
}
