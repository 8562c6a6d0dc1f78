import { at, originOf } from "../../diagnostics/place.ts";
import { placeOfEndpoint } from "../../model/objects/endpoint-slice.ts";
import type { Service } from "../../model/objects/service.ts";
import type {
  Endpoint,
  EndpointList,
  FamilySettings,
  ForwardingPlan,
  ServicePortPlan,
} from "../../plan/forwarding/forwarding-plan.ts";
import type { NodeFacts, NotProgrammed, OmissionReason } from "./not-programmed.ts";

interface Reason {
  readonly reason: OmissionReason;
  readonly why: string;
}

/** Endpoints of a service port that are not used, for all or for some of its traffic. */
export function endpointOmissions(plan: ServicePortPlan, node: NodeFacts): readonly NotProgrammed[] {
  const uses = endpointUses(plan);
  const used = new Map(uses.map((use) => [use, new Set(use.endpoints)]));
  return plan.endpoints.all.flatMap((endpoint) => {
    const missing = uses
      .filter((use) => used.get(use)?.has(endpoint) !== true)
      .map((use) => ({ use, ...reasonFor(endpoint, use, plan, node) }));
    const reasons = new Set(missing.map(({ why }) => why));
    if (missing.length === 0) return [];
    const isWhole = missing.length === uses.length && reasons.size === 1;
    const told = isWhole ? missing.slice(0, 1) : missing;
    return told.map(({ use, reason, why }) => ({
      reason,
      port: plan.name,
      what: `endpoint ${endpoint.target}${onNode(endpoint)}${isWhole ? "" : ` for ${use.traffic}`}`,
      why,
      origin: originOf(at(placeOfEndpoint(endpoint.slice, endpoint.entry), causing[reason] ?? "conditions")),
    }));
  });
}

function onNode({ entry, isLocal }: Endpoint): string {
  return isLocal || entry.nodeName === undefined ? "" : ` (${entry.nodeName})`;
}

const causing: Readonly<Partial<Record<OmissionReason, string>>> = {
  "endpoint-not-local": "nodeName",
  "endpoint-excluded-by-hints": "hints",
};

/** As in plan/forwarding/endpoints.ts: locality first where a policy requires it, then conditions, then hints. */
function reasonFor(endpoint: Endpoint, use: EndpointUse, plan: ServicePortPlan, node: NodeFacts): Reason {
  const { entry } = endpoint;
  if (use.over === "local" && !endpoint.isLocal) {
    const where = entry.nodeName === undefined ? "without a nodeName" : "on another node";
    return { reason: "endpoint-not-local", why: `${where}, and ${use.policy} Local uses only local endpoints` };
  }
  if (!entry.ready && entry.terminating && entry.serving) {
    const { ready, where } = readyAround(use, plan);
    const why = `terminating: used only if no endpoint is ready, but ${ready} ${ready === 1 ? "is" : "are"}${where}`;
    return { reason: "endpoint-terminating", why };
  }
  if (!entry.ready && entry.terminating) {
    return { reason: "endpoint-not-serving", why: "terminating and no longer serving" };
  }
  if (!entry.ready) return { reason: "endpoint-not-ready", why: "not ready" };
  const byNode = !use.endpoints.some((other) => !other.entry.nodeHints.includes(node.name));
  const hints = byNode ? `nodes ${entry.nodeHints.join(", ")}` : `zones ${entry.zoneHints.join(", ")}`;
  const here = byNode ? "this node" : `this node's zone (${node.zone ?? "none"})`;
  return {
    reason: "endpoint-excluded-by-hints",
    why: `its hints are for ${hints}, and other endpoints have hints for ${here}`,
  };
}

function readyAround({ over }: EndpointUse, { endpoints }: ServicePortPlan): { ready: number; where: string } {
  const isLocal = over === "local";
  const ready = endpoints.all.filter((other) => other.entry.ready && (!isLocal || other.isLocal)).length;
  return { ready, where: isLocal ? " on this node" : "" };
}

/** A list of endpoints that receives some traffic of a service port. */
interface EndpointUse {
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
