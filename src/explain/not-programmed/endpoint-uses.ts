import type { Service } from "../../model/objects/service.ts";
import type {
  Endpoint,
  EndpointList,
  FamilySettings,
  ForwardingPlan,
  ServicePortPlan,
} from "../../plan/forwarding/forwarding-plan.ts";

/** A list of endpoints that receives some traffic of a service port. */
export interface EndpointUse {
  readonly over: EndpointList;
  readonly endpoints: readonly Endpoint[];
  /** The address or port: `the cluster IP`. */
  readonly traffic: string;
  /** The policies that require the list. */
  readonly policy: string;
}

/** The lists of endpoints that a service port uses, and their traffic. */
export function endpointUses({ internal, external, endpoints }: ServicePortPlan): readonly EndpointUse[] {
  const inside = internal.over;
  const outside = external?.route.over;
  const shortCut =
    external?.shortCircuitsLocal === true && outside === "local"
      ? ["traffic from pods and this node to external addresses"]
      : [];
  const trafficOf = (over: EndpointList): readonly string[] => [
    ...(inside === over ? ["the cluster IP"] : []),
    ...(outside === over ? ["external traffic"] : []),
    ...(over === "cluster" ? shortCut : []),
  ];
  const policies = [
    ...(inside === "local" ? ["internalTrafficPolicy"] : []),
    ...(outside === "local" ? ["externalTrafficPolicy"] : []),
  ];
  return (["cluster", "local"] as const).flatMap((over) => {
    const traffic = trafficOf(over);
    if (traffic.length === 0) return [];
    return [{ over, endpoints: endpoints[over], traffic: joinWords(traffic), policy: joinWords(policies) }];
  });
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  const last = words[words.length - 1] ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** A service port in one family, with the settings of the family. */
export interface PlannedPort {
  readonly plan: ServicePortPlan;
  readonly settings: FamilySettings;
}

/** The service ports of one Service: in name order, family by family. */
export function plansOf(service: Service, { families }: ForwardingPlan): readonly PlannedPort[] {
  return families.flatMap(({ settings, portsOf }) => [...portsOf(service)].map((plan) => ({ plan, settings })));
}
