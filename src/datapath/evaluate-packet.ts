import type { Hook, Stage } from "../ir/datapath.ts";
import { balance } from "./balance.ts";
import { type ChainExit, type Flow, hopsOf } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { familyOf, isLocal } from "./match-packet.ts";
import type { Outcome, Packet, Verdict } from "./packet.ts";
import { everything } from "./share.ts";
import { walkBaseChain } from "./walk-chain.ts";

/**
 * Evaluates packets of new connections through the stages of one family. There is one outcome per path. For one source
 * and one answer to each assumption, the shares sum to one. Where the order of stages is not known, that is one of the
 * assumptions.
 */
export function evaluatePacket(host: EvaluatedHost, packet: Packet): readonly Outcome[] {
  const { otherOrder } = host;
  const outcomes = evaluateInOrder(host, packet);
  if (otherOrder === undefined) return outcomes;
  const others = evaluateInOrder({ ...host, stages: otherOrder.stages }, packet);
  const assuming = (of: readonly Outcome[], holds: boolean): readonly Outcome[] =>
    of.map((outcome) => ({
      ...outcome,
      assumptions: [...outcome.assumptions, { what: otherOrder.assumption, holds }],
    }));
  return [...assuming(outcomes, true), ...assuming(others, false)];
}

function evaluateInOrder(host: EvaluatedHost, packet: Packet): readonly Outcome[] {
  let ends: readonly ChainExit[] = [{ flow: startOf(packet), how: "accepted" }];
  for (const passage of passagesOf(packet, host)) ends = ends.flatMap((end) => pass(end, passage, host));
  return ends.map(outcomeOf);
}

function startOf(packet: Packet): Flow {
  return {
    packet,
    hook: undefined,
    sources: packet.sources,
    share: everything,
    destination: packet.destination,
    port: packet.port,
    state: packet.state ?? "NEW",
    mark: packet.mark ?? 0,
    connectionMark: (packet.state ?? "NEW") === "NEW" ? 0 : undefined,
    dnatted: false,
    masqueraded: false,
    newSource: undefined,
    virtualServer: undefined,
    scheduling: undefined,
    persistence: undefined,
    assumptions: [],
    asked: new Map(),
    remembers: [],
    hops: undefined,
  };
}

function pass(end: ChainExit, passage: Passage, host: EvaluatedHost): readonly ChainExit[] {
  const { hook, when, skips } = passage;
  if (end.how !== "accepted" || !when(end.flow)) return [end];
  const flow: Flow = { ...end.flow, hook };
  if (hook === "input" && isMartian(flow, host)) return [{ flow, how: "dropped" }];
  let ends: readonly ChainExit[] = [{ flow, how: "accepted" }];
  for (const stage of stagesAt(hook, flow, host)) {
    if (skips.includes(stage.type)) continue;
    ends = ends.flatMap((each) => {
      if (each.how !== "accepted" || !meets(stage, each.flow, flow)) return [each];
      return stage.type === "balance" ? balance(each.flow, host) : walkBaseChain(stage, each.flow, host);
    });
  }
  return ends;
}

/** Whether a flow that came to a hook as `before` meets this stage of it. */
function meets({ type, hook }: Stage, flow: Flow, before: Flow): boolean {
  // A packet for a virtual server leaves the hook: IPVS sends it on from there.
  if (hook === "input" && flow.virtualServer !== undefined) return false;
  if (type !== "nat") return true;
  // nat sees the first packet of a connection, and conntrack applies the result to the others. One translation ends
  // nat.
  const isTranslated = flow.dnatted !== before.dnatted || flow.masqueraded !== before.masqueraded;
  return flow.state === "NEW" && !isTranslated;
}

/** From the network to a loopback address: the routing decision drops it (ip_route_input_slow). */
function isMartian({ packet, destination }: Flow, { world }: EvaluatedHost): boolean {
  return packet.entry !== "node" && destination.startsWith("127.") && world.routeLocalnet === false;
}

function outcomeOf(end: ChainExit): Outcome {
  const { flow, how } = end;
  const { sources, share, masqueraded, newSource, remembers, assumptions, scheduling } = flow;
  const isRefused = how !== "accepted";
  return {
    sources,
    share,
    verdict: verdictOf(end),
    masqueraded: masqueraded && !isRefused,
    newSource: isRefused ? undefined : newSource,
    affinity: isRefused ? undefined : affinityOf(flow),
    remembers,
    scheduling: isRefused ? undefined : scheduling,
    assumptions,
    hops: hopsOf(flow),
  };
}

function verdictOf({ flow, how, rejectedWith, because }: ChainExit): Verdict {
  if (how === "dropped") return { kind: "dropped" };
  if (how === "unknown") return because === undefined ? { kind: "unknown" } : { kind: "unknown", because };
  if (how === "rejected") return { kind: "rejected", with: rejectedWith };
  if (!flow.dnatted && flow.virtualServer === undefined) return { kind: "untouched" };
  return { kind: "delivered", target: { address: flow.destination, port: flow.port } };
}

/** Session affinity: the packet's path checked a list that contains the client from now on. */
function affinityOf({ asked, remembers, persistence }: Flow): number | undefined {
  if (persistence !== undefined) return persistence;
  const [name] = remembers.filter((each) => asked.has(each));
  return name === undefined ? undefined : asked.get(name);
}

/** One visit of a packet to a hook. */
interface Passage {
  readonly hook: Hook;
  /** Evaluated again after DNAT, which may change whether the packet is for this node. */
  readonly when: (flow: Flow) => boolean;
  /** Types of stages that the packet does not meet on this visit. */
  readonly skips: readonly Stage["type"][];
}

/** The hooks on a packet's way, in order (ip_rcv, ip_local_deliver, ip_forward, ip_output in the kernel). */
function passagesOf({ entry }: Packet, host: EvaluatedHost): readonly Passage[] {
  const always = () => true;
  const local = (flow: Flow) => isLocal(flow.destination, host);
  const localUnsent = (flow: Flow) => local(flow) && flow.virtualServer === undefined;
  const remote = (flow: Flow) => !local(flow);
  const sentOn = (flow: Flow) => remote(flow) && flow.virtualServer !== undefined;
  const forwarded = (flow: Flow) => remote(flow) && flow.virtualServer === undefined;
  if (entry === "node") {
    return [
      { hook: "output", when: always, skips: [] },
      { hook: "postrouting", when: always, skips: [] },
      // What a node sends to itself comes back in over lo; its connection has been through nat already.
      { hook: "prerouting", when: local, skips: ["nat"] },
      { hook: "input", when: local, skips: ["nat", "balance"] },
    ];
  }
  return [
    { hook: "prerouting", when: always, skips: [] },
    { hook: "input", when: localUnsent, skips: [] },
    // IPVS sends packets on through LOCAL_OUT: they skip forward, and nat has seen their connection already.
    { hook: "output", when: sentOn, skips: ["nat", "balance"] },
    { hook: "forward", when: forwarded, skips: [] },
    { hook: "postrouting", when: remote, skips: [] },
  ];
}

/** All nat chains of a hook are called by one dispatcher, in the order of their own priorities (nf_nat_proto.c). */
const natPlaces: Readonly<Record<Hook, number>> = {
  prerouting: -100,
  output: -100,
  input: 100,
  postrouting: 100,
  forward: 0,
};

const sorted = new WeakMap<readonly Stage[], Map<string, readonly Stage[]>>();

/** The stages that a packet of a flow's family meets at a hook, in the kernel's order. */
function stagesAt(hook: Hook, flow: Pick<Flow, "sources">, { stages }: EvaluatedHost): readonly Stage[] {
  const ofHost = sorted.get(stages) ?? new Map<string, readonly Stage[]>();
  sorted.set(stages, ofHost);
  const family = familyOf(flow);
  const known = ofHost.get(`${family} ${hook}`);
  if (known !== undefined) return known;
  const order = (stage: Stage) => (stage.type === "nat" ? natPlaces[hook] : stage.priority);
  const other = family === "ipv4" ? "ip6" : "ip";
  const found = stages
    .filter((stage) => stage.hook === hook && stage.family !== other)
    .sort((a, b) => order(a) - order(b) || a.priority - b.priority);
  ofHost.set(`${family} ${hook}`, found);
  return found;
}
