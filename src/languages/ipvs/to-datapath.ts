import type { Stage, VirtualServer } from "../../ir/datapath.ts";
import { printServer, type SavedServer } from "./text.ts";

/** Converts a virtual server for the datapath. */
export function virtualServerOf(server: SavedServer): VirtualServer {
  const { line, protocol, address, scheduler, schedulerFlags, persistence, realServers } = server;
  return { line, text: printServer(server), protocol, address, scheduler, schedulerFlags, persistence, realServers };
}

/**
 * Where IPVS handles packets (ip_vs_ops in ip_vs_core.c): incoming ones for this node, and those that the node sends.
 * Of its two priorities in LOCAL_OUT and LOCAL_IN, the one for requests is used.
 */
export const balancerStages: readonly Stage[] = (["ip", "ip6"] as const).flatMap((family) => [
  { family, hook: "input", priority: 99, type: "balance", entry: { table: "ipvs", chain: "INPUT" } },
  { family, hook: "output", priority: -98, type: "balance", entry: { table: "ipvs", chain: "OUTPUT" } },
]);
