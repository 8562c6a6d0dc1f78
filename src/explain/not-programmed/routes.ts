import { at, originOf } from "../../diagnostics/place.ts";
import { joinHostPort } from "../../model/address.ts";
import type { Route, ServicePortPlan } from "../../plan/forwarding/forwarding-plan.ts";
import { fallsBack } from "../../plan/forwarding/resolve-service-port.ts";
import type { NodeFacts, NotProgrammed } from "./not-programmed.ts";

/** Traffic of a service port that no endpoint of this node receives: rejected, dropped, or sent elsewhere. */
export function routeOmissions(plan: ServicePortPlan, node: Pick<NodeFacts, "program">): readonly NotProgrammed[] {
  const { internal, external, service } = plan;
  // Both routes are rejected for the same reason: report it once.
  if (internal.kind === "reject") return [rejected(plan)];
  const { internalTrafficPolicy, externalTrafficPolicy } = service;
  const ways: Way[] = [
    {
      route: internal,
      isFallback: fallsBack(internalTrafficPolicy, internal),
      traffic: "traffic to the cluster IP",
      policy: "internalTrafficPolicy",
    },
  ];
  if (external !== undefined) {
    const isFallback = fallsBack(externalTrafficPolicy, external.route);
    ways.push({ route: external.route, isFallback, traffic: "external traffic", policy: "externalTrafficPolicy" });
  }
  return ways
    .filter(({ route, isFallback }) => route.kind !== "balance" || isFallback)
    .map((way) => {
      const origin = originOf(at(at(service.place, "spec"), way.policy));
      return { ...withoutLocal(plan, way, node), port: plan.name, origin };
    });
}

interface Way {
  readonly route: Route;
  readonly isFallback: boolean;
  readonly traffic: string;
  readonly policy: string;
}

function rejected(plan: ServicePortPlan): NotProgrammed {
  const { all } = plan.endpoints;
  const why =
    all.length === 0
      ? "it has no endpoints, so its traffic is rejected"
      : `0 of ${all.length} endpoints are usable, so its traffic is rejected`;
  const origin = originOf(plan.port.place);
  return { reason: "no-endpoints", port: plan.name, what: "rules to endpoints", why, origin };
}

function withoutLocal(
  plan: ServicePortPlan,
  { isFallback, traffic, policy }: Way,
  { program }: Pick<NodeFacts, "program">,
): Pick<NotProgrammed, "reason" | "what" | "why"> {
  const here = plan.endpoints.all.filter(({ isLocal }) => isLocal).length;
  const total = plan.endpoints.all.length;
  const usable = here === 0 ? "" : `, ${here === 1 ? "which is not usable" : "none of them usable"}`;
  const fact = `${policy} is Local and ${here} of ${total} endpoints ${here === 1 ? "is" : "are"} local${usable}`;
  if (isFallback) {
    const rest = plan.endpoints.cluster.length === 0 ? "it has no real servers" : "all endpoints are used instead";
    return { reason: "local-policy-falls-back", what: `local endpoints for ${traffic}`, why: `${fact}: ${rest}` };
  }
  const local = program.chainNames?.of(plan).local ?? "its own chain";
  return { reason: "no-local-endpoints", what: `rules in ${local}`, why: `${fact}, so ${traffic} is dropped` };
}

/** Virtual servers that belong to an earlier service port, where each address, port and protocol has only one. */
export function serverOmissions(plan: ServicePortPlan, node: NodeFacts): readonly NotProgrammed[] {
  if (!node.program.traits.exclusiveDestinations) return [];
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
    const why = `${owner} is first in name order and owns it`;
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
