import type { Service } from "../../model/objects/service.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import type {
  Endpoint,
  FamilySettings,
  ForwardingPlan,
  ServicePortPlan,
} from "../../plan/forwarding/forwarding-plan.ts";

/** A list of endpoints that some traffic of a service port is sent to. */
export interface EndpointUse {
  readonly over: "cluster" | "local";
  readonly endpoints: readonly Endpoint[];
  /** Whose: `the cluster IP`. */
  readonly traffic: string;
  /** The policies that ask for it. */
  readonly policy: string;
}

/**
 * Which lists of endpoints a service port uses, and for what (the `needs` of resolve/resolve-service-port.ts). In ipvs
 * mode a list without local endpoints is that of the cluster, and pods get no other than the rest.
 */
export function endpointUses(plan: ServicePortPlan, mode: ProxyMode): readonly EndpointUse[] {
  const { external, endpoints } = plan;
  const isLocal = (asked: boolean): boolean => asked && (mode === "iptables" || endpoints.local.length > 0);
  const inside = isLocal(plan.service.internalTrafficPolicy === "Local") ? "local" : "cluster";
  const outside = external && (isLocal(external.keepsSource) ? "local" : "cluster");
  const shortCut =
    mode === "iptables" && outside === "local" ? ["traffic from pods and this node to external addresses"] : [];
  const trafficOf = (over: EndpointUse["over"]): readonly string[] => [
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

/** A service port in one family, with what holds there. */
export interface PlannedPort {
  readonly plan: ServicePortPlan;
  readonly settings: FamilySettings;
}

/** The service ports of one Service: in name order, family by family. */
export function plansOf(service: Service, { families }: ForwardingPlan): readonly PlannedPort[] {
  return families.flatMap(({ settings, servicePorts }) => {
    const found: PlannedPort[] = [];
    for (const plan of servicePorts) if (plan.service === service) found.push({ plan, settings });
    return found;
  });
}
