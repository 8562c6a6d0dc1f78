import { balance } from "./balance.ts";
import { type Flow, hopsOf, type Left } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { isLocal } from "./match-packet.ts";
import type { Outcome, Packet, Verdict } from "./packet.ts";
import { everything } from "./share.ts";
import { walkBuiltIn } from "./walk-chain.ts";

/**
 * Where packets end that the host has never seen before: through the rules of one family, and through IPVS. One
 * outcome for each different way; for any one source, and any one answer to each assumption, shares sum to one.
 * After the way of a packet through the kernel (NF_INET hooks; IPVS at LOCAL_IN and LOCAL_OUT).
 */
export function evaluatePacket(host: EvaluatedHost, packet: Packet): readonly Outcome[] {
  const start: Flow = {
    packet,
    hook: "",
    sources: packet.sources,
    share: everything,
    destination: packet.destination,
    port: packet.port,
    state: packet.state ?? "NEW",
    mark: packet.mark ?? 0,
    connectionMark: (packet.state ?? "NEW") === "NEW" ? 0 : undefined,
    translated: false,
    masqueraded: false,
    virtualServer: undefined,
    scheduling: undefined,
    persistence: undefined,
    assumptions: [],
    asked: new Map(),
    remembers: [],
    hops: undefined,
  };
  let ends: readonly Left[] = [{ flow: start, how: "accepted" }];
  for (const hook of hooksFor(packet, host)) ends = ends.flatMap((end) => pass(end, hook, host));
  return ends.map(outcomeOf);
}

interface Hook {
  readonly table: string;
  readonly chain: string;
  readonly when: (flow: Flow) => boolean;
}

/** The hooks on the way; whether the packet is for this node is asked anew after its address was translated. */
function hooksFor({ entry }: Packet, host: EvaluatedHost): readonly Hook[] {
  const always = () => true;
  const local = (flow: Flow) => isLocal(flow.destination, host);
  const remote = (flow: Flow) => !local(flow);
  const sentOn = (flow: Flow) => remote(flow) && flow.virtualServer !== undefined;
  const forwarded = (flow: Flow) => remote(flow) && flow.virtualServer === undefined;
  const at = (chain: string, when: Hook["when"], tables: readonly string[]): readonly Hook[] =>
    tables.map((table) => ({ table, chain, when }));
  if (entry === "node") {
    return [
      ...at("OUTPUT", always, ["raw", "mangle", "nat"]),
      // At priority NAT_DST + 2 of the hook, so before filter OUTPUT. What it sends on starts the hook again, but nat
      // asks a connection only once.
      { table: "ipvs", chain: "", when: always },
      ...at("OUTPUT", always, ["filter", "security"]),
      ...at("POSTROUTING", always, ["mangle", "nat"]),
      // What a node sends to itself comes back in over lo; its connection has been through nat already.
      ...at("PREROUTING", local, ["raw", "mangle"]),
      ...at("INPUT", local, ["mangle", "filter", "security"]),
    ];
  }
  return [
    ...at("PREROUTING", always, ["raw", "mangle", "nat"]),
    ...at("INPUT", local, ["mangle", "filter", "security"]),
    { table: "ipvs", chain: "", when: local },
    ...at("INPUT", (flow) => local(flow) && flow.virtualServer === undefined, ["nat"]),
    // IPVS sends on by LOCAL_OUT: such a packet never sees FORWARD, and nat OUTPUT has nothing to say after PREROUTING.
    ...at("OUTPUT", sentOn, ["mangle", "filter", "security"]),
    ...at("FORWARD", forwarded, ["mangle", "filter", "security"]),
    ...at("POSTROUTING", remote, ["mangle", "nat"]),
  ];
}

function pass(end: Left, { table, chain, when }: Hook, host: EvaluatedHost): readonly Left[] {
  if (end.how !== "accepted" || !when(end.flow)) return [end];
  const { flow } = end;
  if (chain === "INPUT" && isMartian(flow, host)) return [{ flow, how: "dropped" }];
  if (table === "ipvs") return host.servers.size === 0 ? [end] : balance(flow, host);
  // nat sees the first packet of a connection; conntrack does the same to the others.
  if (table === "nat" && flow.state !== "NEW") return [end];
  return walkBuiltIn(table, chain, flow, host);
}

/** From the network to a loopback address: the routing decision refuses it (ip_route_input_slow). */
function isMartian({ packet, destination }: Flow, { world }: EvaluatedHost): boolean {
  return packet.entry !== "node" && destination.startsWith("127.") && world.routeLocalnet === false;
}

function outcomeOf({ flow, how, rejectedWith }: Left): Outcome {
  const { sources, share, masqueraded, remembers, assumptions, scheduling } = flow;
  const isRefused = how === "dropped" || how === "rejected";
  return {
    sources,
    share,
    verdict: verdictOf(flow, how, rejectedWith),
    masqueraded: masqueraded && !isRefused,
    affinity: isRefused ? undefined : affinityOf(flow),
    remembers,
    scheduling: isRefused ? undefined : scheduling,
    assumptions,
    hops: hopsOf(flow),
  };
}

function verdictOf(flow: Flow, how: Left["how"], rejectedWith: string | undefined): Verdict {
  if (how === "dropped") return { kind: "dropped" };
  if (how === "rejected") return { kind: "rejected", with: rejectedWith };
  if (!flow.translated && flow.virtualServer === undefined) return { kind: "untouched" };
  return { kind: "delivered", target: { address: flow.destination, port: flow.port } };
}

/** A list that the packet's way asked for and that holds the client from now on leads it here again. */
function affinityOf({ asked, remembers, persistence }: Flow): number | undefined {
  if (persistence !== undefined) return persistence;
  const [name] = remembers.filter((each) => asked.has(each));
  return name === undefined ? undefined : asked.get(name);
}
