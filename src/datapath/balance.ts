import type { RealServer, VirtualServer } from "../ir/datapath.ts";
import { parseTarget, printTarget } from "./address-set.ts";
import { addHop, type ChainExit, type Flow } from "./flow.ts";
import { type EvaluatedHost, serverKey } from "./host.ts";
import { hasPorts, type Scheduling } from "./packet.ts";
import { everything, type Share, share, times } from "./share.ts";

/**
 * What IPVS does with a packet: it forwards a packet for a virtual server, and rejects it when no real server takes new
 * connections. Every other packet passes.
 */
export function balance(flow: Flow, host: EvaluatedHost): readonly ChainExit[] {
  const to = { address: flow.destination, port: flow.port };
  const server = host.servers.get(serverKey(flow.packet.protocol, printTarget(to)));
  if (server === undefined && mayBeServed(flow, host)) return [{ flow, how: "unknown", because: unlistedServers }];
  if (server === undefined) return [{ flow, how: "accepted" }];
  const taking = server.realServers.filter(({ weight }) => weight > 0);
  const kept = taking.filter((real) => targetText(real) === flow.packet.remembered?.target);
  const chosen = server.persistence !== undefined && kept.length > 0 ? kept : taking;
  if (chosen.length === 0) {
    const seen = addHop(flow, { kind: "virtual-server", server, chance: undefined });
    return [{ flow: seen, how: "rejected" }];
  }
  const weights = chosen.map((real) => weightOf(real, server.scheduler));
  const sum = weights.reduce((one, other) => one + other, 0);
  return chosen.map((real, at) => ({
    flow: sendOn(flow, server, real, partOf(weights[at] ?? 0, sum)),
    how: "accepted" as const,
  }));
}

/** Why the end of a packet is unknown on a host whose virtual servers no text lists. */
const unlistedServers = "the virtual servers of this node are missing";

/**
 * Every address may have a virtual server that is not listed, the node's own at node ports (30000-32767 by default).
 * IPVS takes no ICMP of new connections.
 */
function mayBeServed({ packet, destination, port }: Flow, { world }: EvaluatedHost): boolean {
  if (world.hasUnlistedServers !== true || !hasPorts(packet.protocol)) return false;
  return !world.nodeAddresses.includes(destination) || (port >= 30_000 && port <= 32_767);
}

function partOf(weight: number, sum: number): Share {
  return weight === sum ? everything : share(weight, sum);
}

function sendOn(flow: Flow, server: VirtualServer, real: RealServer, part: Share): Flow {
  const target = parseTarget(real.address) ?? { address: real.address, port: flow.port };
  const hop = { kind: "virtual-server", server, chance: part === everything ? undefined : part } as const;
  return addHop(
    {
      ...flow,
      share: times(flow.share, part),
      destination: target.address,
      port: target.port,
      virtualServer: server,
      scheduling: schedulingOf(server.scheduler),
      persistence: server.persistence,
    },
    hop,
  );
}

function targetText(real: RealServer): string {
  const target = parseTarget(real.address);
  return target === undefined ? real.address : printTarget(target);
}

/** `lc` looks at connections only, `rr` at nothing. */
const equal: ReadonlySet<string> = new Set(["rr", "lc"]);

function weightOf({ weight }: RealServer, scheduler: string): number {
  return equal.has(scheduler) ? 1 : weight;
}

function schedulingOf(scheduler: string): Scheduling {
  if (scheduler === "rr" || scheduler === "wrr") return "by weight";
  return scheduler === "sh" || scheduler === "dh" || scheduler === "mh" ? "by source" : "dynamic";
}
