import type { Script } from "../../ir/artifact.ts";
import type { HostPortsPlan } from "../../plan/hostports/host-ports-plan.ts";
import type { LowerOptions } from "../origins.ts";
import { lowerPortmapIptables } from "./iptables.ts";
import { lowerPortmapNftables } from "./nftables.ts";

/** The back ends of the plugin. */
const backends: Readonly<Record<string, typeof lowerPortmapIptables>> = {
  iptables: lowerPortmapIptables,
  nftables: lowerPortmapNftables,
};

/** The rules for the host ports of a node; none without a pod that has one. */
export function lowerHostPorts(plan: HostPortsPlan, { origins }: Pick<LowerOptions, "origins">): Script {
  return { steps: backends[plan.plugin.backend]?.(plan, origins) ?? [] };
}
