import type { ServicePortPlan } from "../../plan/forwarding/forwarding-plan.ts";
import { endpointOmissions, plansOf } from "../not-programmed/endpoints.ts";
import type { NodeFacts } from "../not-programmed/not-programmed.ts";
import { routeOmissions } from "../not-programmed/routes.ts";
import { familyOmissions, whyNotProxied } from "../not-programmed/services.ts";
import type { ChainOwner } from "./chain-owner.ts";

/** A chain that a service port would have, and why it has none here. */
export interface AbsentChain {
  /** `the chain of shop/web:http for endpoint 10.0.1.5:8080` */
  readonly wouldBe: string;
  /** Sentences without subject and end. */
  readonly why: readonly string[];
}

/** Explains why a chain whose name belongs to a service port does not exist on a node. */
export function absentChain(owner: ChainOwner, node: NodeFacts): AbsentChain {
  return { wouldBe: describeOwner(owner), why: reasons(owner, node) };
}

const roles: Readonly<Record<ChainOwner["role"], string>> = {
  SVC: "all endpoints of",
  SVL: "the local endpoints of",
  EXT: "external traffic to",
  FW: "the source ranges of",
  XLB: "external traffic (until Kubernetes 1.25) to",
  SEP: "an endpoint of",
};

function describeOwner({ role, port, protocol, endpoint }: ChainOwner): string {
  const name = `${port}, ${protocol.toUpperCase()}`;
  return endpoint === undefined
    ? `the chain for ${roles[role]} ${name}`
    : `the chain of endpoint ${endpoint.target} of ${name}`;
}

function reasons(owner: ChainOwner, node: NodeFacts): readonly string[] {
  const unproxied = whyNotProxied(owner.service, node);
  if (unproxied !== undefined) return [unproxied.why];
  const { id, mode, servicePortObjects } = node.program;
  if (!owner.programs.includes(id))
    return [`in ${mode} mode service ports have ${servicePortObjects}, not chains of such a name`];
  const plans = plansOf(owner.service, node.plan)
    .map(({ plan }) => plan)
    .filter(({ name, protocol }) => name === owner.port && protocol === owner.protocol);
  const told = plans.flatMap((plan) =>
    owner.role === "SEP" ? whyNoEndpoint(owner, plan, node) : whyNone(owner, plan, node),
  );
  const others = told.length > 0 ? [] : familyOmissions(owner.service, node).map(({ what, why }) => `${what}: ${why}`);
  return [...new Set([...told, ...others])];
}

function whyNoEndpoint({ endpoint }: ChainOwner, plan: ServicePortPlan, node: NodeFacts): readonly string[] {
  const same = plan.endpoints.all.find(({ target }) => target === endpoint?.target);
  if (same === undefined) return [];
  if (plan.affinity === undefined && !node.program.traits.endpointComments)
    return ["without session affinity the chain of the service port sends to its endpoints itself"];
  const about = new RegExp(`^endpoint ${same.target.replace(/[[\].]/g, "\\$&")}(?: |$)`);
  return endpointOmissions(plan, node)
    .filter(({ what }) => about.test(what))
    .map(({ why }) => why);
}

/** Follows lower-own-chains.ts of each program. */
function whyNone({ role }: ChainOwner, plan: ServicePortPlan, node: NodeFacts): readonly string[] {
  const names = node.program.chainNames?.of(plan);
  const { service, external, endpoints } = plan;
  const routes = routeOmissions(plan, node).map(({ why }) => why);
  if (plan.internal.kind === "reject") return routes;
  const externalLocal = external?.preservesClientIp === true;
  switch (role) {
    case "XLB":
      return ["since Kubernetes 1.25 these chains are named KUBE-EXT-..."];
    case "EXT":
      return external === undefined ? ["it has no node port, external IP or load balancer IP"] : routes;
    case "FW":
      if (external === undefined || external.loadBalancerIps.length === 0) return ["it has no load balancer IP"];
      return service.sourceRanges.length === 0
        ? ["it has no loadBalancerSourceRanges"]
        : ["its loadBalancerSourceRanges have no effect in this family"];
    case "SVL":
      if (service.internalTrafficPolicy === "Local" || externalLocal) return routes;
      return [`none of its traffic policies is Local, so ${names?.cluster} handles its traffic`];
    default:
      return endpoints.cluster.length > 0
        ? []
        : [
            `internalTrafficPolicy is Local and there is no external traffic, so ${names?.local} handles its traffic`,
            ...routes,
          ];
  }
}
