import type { ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import type { ForwardingProgram, RuleCounts } from "../../program.ts";
import { namingOf } from "../names.ts";
import { iptablesFragments } from "./fragments.ts";
import { lowerIptables } from "./lower-iptables.ts";

const id = "kube-proxy/iptables";

export const kubeProxyIptables: ForwardingProgram = {
  id,
  mode: "iptables",
  traits: {
    localPolicyFallsBack: false,
    shortCircuitsLocal: true,
    nodePortsOnLoopback: true,
    healthCheckNeedsNodePort: false,
    exclusiveDestinations: false,
    affinityScope: "service-port",
    unknownPortOfVip: "passed-on",
    balancing: "chance",
    endpointComments: true,
  },
  isDeprecated: false,
  servicePortObjects: "chains",
  // xt_recent keeps so many addresses in a list unless it is loaded with another ip_list_tot.
  affinityClients: 100,
  lower: lowerIptables,
  inspect: undefined,
  countRules,
  fragments: iptablesFragments,
  kernel: undefined,
  ...namingOf(id),
};

/** Those in KUBE-SERVICES; its own chain up to the last endpoint, and the two rules of that endpoint. */
function countRules({ internal, external, affinity, endpoints }: ServicePortPlan): RuleCounts {
  const outside =
    external === undefined || external.route.kind === "reject"
      ? 0
      : external.externalIps.length + external.loadBalancerIps.length;
  if (internal.kind !== "balance") return { shared: outside, own: 0 };
  const count = endpoints[internal.over].length;
  return { shared: outside + 1, own: 1 + count * (affinity === undefined ? 1 : 2) + 2 };
}
