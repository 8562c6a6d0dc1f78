import { textsOf } from "../../../ir/lines.ts";
import type { FamilySettings, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { countEndpoints, type ForwardingProgram, type LowerFragment, type RuleCounts } from "../../program.ts";
import { iptablesChains as chains, endpointChain, servicePortChains } from "../chain-names.ts";
import { counters, namingOf } from "../names.ts";
import { jumps } from "./base.ts";
import { lowerIptables } from "./lower-iptables.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { createSections, type SectionName } from "./sections.ts";

/** The shared chains of the sections; sections of own chains have none. */
const sharedChains: Readonly<Partial<Record<SectionName, string>>> = {
  "filter nodePorts": `filter ${chains.nodePorts}`,
  "filter services": `filter ${chains.services}`,
  "filter externalServices": `filter ${chains.externalServices}`,
  "filter proxyFirewall": `filter ${chains.proxyFirewall}`,
  "nat services": `nat ${chains.services}`,
  "nat nodePorts": `nat ${chains.nodePorts}`,
};

/** What the iptables mode writes for one Service: its rules in shared chains, and its own chains. */
export function iptablesFragments(settings: FamilySettings): LowerFragment {
  return (ports) => {
    const sections = createSections({ origins: false });
    for (const port of ports) lowerServicePort(port, settings, sections);
    const shared = new Map<string, readonly string[]>();
    for (const section in sharedChains) {
      const lines = sections.lines[section as SectionName];
      if (lines.count > 0) shared.set(sharedChains[section as SectionName] as string, textsOf(lines));
    }
    const own = new Map<string, string[]>();
    for (const declaration of textsOf(sections.lines["nat declarations"])) own.set(wordAt(declaration, 1), []);
    for (const rule of textsOf(sections.lines["nat own"])) own.get(wordAt(rule, 3))?.push(rule);
    return { endpoints: countEndpoints(ports), own, shared, counters: sections.counters, objects: undefined };
  };
}

/** From the start position to the next blank. */
function wordAt(line: string, start: number): string {
  return line.slice(start, line.indexOf(" ", start));
}

const id = "kube-proxy/iptables";

export const kubeProxyIptables: ForwardingProgram = {
  id,
  mode: "iptables",
  traits: {
    localPolicyFallsBack: false,
    shortCircuitsLocal: true,
    nodePortsByDefault: "every-address",
    nodePortsOnLoopback: true,
    healthCheckNeedsNodePort: false,
    exclusiveDestinations: false,
    affinityScope: "service-port",
    unknownPortOfVip: "passed-on",
    balancing: "chance",
    endpointComments: true,
  },
  jumps,
  deprecation: undefined,
  chainNames: {
    of: ({ name, protocol }) => servicePortChains(name, protocol),
    endpoint: ({ name, protocol }, { target }) => endpointChain(name + protocol, target),
  },
  servicePortObjects: "chains",
  // The default length of an xt_recent list (ip_list_tot).
  affinityClients: 100,
  lower: lowerIptables,
  inspect: undefined,
  countRules,
  fragments: iptablesFragments,
  kernel: undefined,
  counters: Object.values(counters),
  writeTablePart: undefined,
  ...namingOf(id),
};

/**
 * The service port's rules in KUBE-SERVICES; those of its own chain up to the last endpoint; the two of that endpoint.
 */
function countRules({ internal, external, affinity, endpoints }: ServicePortPlan): RuleCounts {
  const outside =
    external === undefined || external.route.kind === "reject"
      ? 0
      : external.externalIps.length + external.loadBalancerIps.length;
  if (internal.kind !== "balance") return { shared: outside, own: 0 };
  const count = endpoints[internal.over].length;
  return { shared: outside + 1, own: 1 + count * (affinity === undefined ? 1 : 2) + 2 };
}
