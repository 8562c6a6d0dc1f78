import type { Stage, VirtualServer } from "../../ir/datapath.ts";
import { printServer, type SavedServer } from "./text.ts";

/** A virtual server as packets meet it. */
export function virtualServerOf(server: SavedServer): VirtualServer {
  const { line, protocol, address, scheduler, schedulerFlags, persistence, realServers } = server;
  return { line, text: printServer(server), protocol, address, scheduler, schedulerFlags, persistence, realServers };
}

/**
 * Where IPVS meets packets (ip_vs_ops in ip_vs_core.c): those that come in for this node and those that the node sends.
 * Of the two places in LOCAL_OUT and LOCAL_IN the one for requests counts here.
 */
export const balancerStages: readonly Stage[] = (["ip", "ip6"] as const).flatMap((family) => [
  { family, hook: "input", priority: 99, type: "balance", entry: { table: "ipvs", chain: "INPUT" } },
  { family, hook: "output", priority: -98, type: "balance", entry: { table: "ipvs", chain: "OUTPUT" } },
]);
