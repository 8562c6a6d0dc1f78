import { originOf } from "../../../diagnostics/place.ts";
import { joinHostPort } from "../../../model/address.ts";
import type { ServicePortPlan } from "../../../resolve/forwarding-plan.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { Omission } from "./omission.ts";

/** Virtual servers of the ipvs mode that an earlier service port has: there is one for an address, port and protocol. */
export function serverOmissions(plan: ServicePortPlan, node: NodeFacts): readonly Omission[] {
  if (node.mode !== "ipvs") return [];
  const wanted = addressesOf(plan);
  const family = node.plan.families.find((each) => each.family === plan.clusterIp.address.family);
  const owners = new Map<string, string>();
  for (const earlier of family?.servicePorts ?? []) {
    if (earlier.service === plan.service && earlier.port === plan.port) break;
    if (earlier.protocol !== plan.protocol) continue;
    for (const { address } of addressesOf(earlier)) if (!owners.has(address)) owners.set(address, earlier.name);
  }
  return wanted.flatMap(({ address, vip }) => {
    const owner = owners.get(address);
    if (owner === undefined) return [];
    const why = `${owner} comes first in name order and has it already`;
    const what = `virtual server ${address}`;
    return [{ reason: "virtual-server-shared" as const, port: plan.name, what, why, origin: originOf(vip.place) }];
  });
}

function addressesOf({ clusterIp, external, port }: ServicePortPlan): readonly {
  readonly address: string;
  readonly vip: ServicePortPlan["clusterIp"];
}[] {
  const vips = [clusterIp, ...(external?.externalIps ?? []), ...(external?.loadBalancerIps ?? [])];
  return vips.map((vip) => ({ address: joinHostPort(vip.address, port.port), vip }));
}
