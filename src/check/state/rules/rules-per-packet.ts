import type { ForwardingPlan, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { nameOf, type StateRule } from "../checked-state.ts";

/** Below this nobody feels it. */
const worthSaying = 1000;

/** How many rules of table nat the first packet to the Service that comes last walks through, in iptables mode. */
export const rulesPerPacket: StateRule = ({ plan, cluster, services }) => {
  if (plan === undefined || cluster.proxyConfiguration.mode === "ipvs") return;
  const worst = worstWalk(plan);
  if (worst === undefined || worst.rules < worthSaying) return;
  const { service, name } = worst.plan;
  const checked = services.find((candidate) => candidate.service === service);
  checked?.report("rules-per-packet", nameOf(service), { rules: worst.rules, service: name });
};

interface Walk {
  readonly rules: number;
  readonly plan: ServicePortPlan;
}

function worstWalk(plan: ForwardingPlan): Walk | undefined {
  let worst: Walk | undefined;
  for (const { servicePorts } of plan.families) {
    let before = 1;
    for (const servicePort of servicePorts) {
      before += rulesInServices(servicePort);
      const rules = before + rulesOfOwnChains(servicePort);
      if (worst === undefined || rules > worst.rules) worst = { rules, plan: servicePort };
    }
  }
  return worst;
}

/** What the service port has in KUBE-SERVICES. */
function rulesInServices({ internal, external }: ServicePortPlan): number {
  const outside =
    external === undefined || external.route.kind === "reject"
      ? 0
      : external.externalIps.length + external.loadBalancerIps.length;
  return outside + (internal.kind === "balance" ? 1 : 0);
}

/** Its chain up to the last endpoint, and the two rules of that endpoint. */
function rulesOfOwnChains({ affinity, endpoints, internal }: ServicePortPlan): number {
  if (internal.kind !== "balance") return 0;
  const count = endpoints[internal.over].length;
  return 1 + count * (affinity === undefined ? 1 : 2) + 2;
}
