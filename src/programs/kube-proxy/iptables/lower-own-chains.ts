import {
  addressType,
  appendTo,
  comment,
  declare,
  destination,
  destinationPort,
  dnat,
  jump,
  protocol,
  protocolMatch,
  recentCheck,
  recentSet,
  source,
  statisticRandom,
} from "../../../languages/iptables/write.ts";
import { compareBytes } from "../../../model/fields/name-map.ts";
import type {
  Admission,
  Endpoint,
  ExternalPlan,
  FamilySettings,
  ServicePortPlan,
} from "../../../plan/forwarding/forwarding-plan.ts";
import { chains, endpointChain, type ServicePortChains } from "./chains.ts";
import { fromLocal, hostCidr, notFromLocal } from "./matches.ts";
import { becauseOfEndpoint, becauseOfService, type Sections, write } from "./sections.ts";

/** An endpoint with the name of its chain. */
interface ChainedEndpoint {
  readonly endpoint: Endpoint;
  readonly chain: string;
}

/** The chains that belong to one service port alone: EXT, FW, SVC, SVL and one SEP for each endpoint. */
export function lowerOwnChains(
  plan: ServicePortPlan,
  own: ServicePortChains,
  settings: FamilySettings,
  out: Sections,
): void {
  const { external } = plan;
  if (external !== undefined && external.route.kind !== "reject") {
    lowerExternalChain(plan, external, own, settings, out);
    if (external.admission !== undefined) lowerFirewallChain(plan, external.admission, own, settings, out);
  }
  const cluster = nameChains(plan, plan.endpoints.cluster);
  const local = nameChains(plan, plan.endpoints.local);
  if (cluster.length > 0) lowerPolicyChain(plan, own.cluster, "cluster", cluster, settings, out);
  if (local.length > 0) lowerPolicyChain(plan, own.local, "local", local, settings, out);
  lowerEndpointChains(plan, union(cluster, local), settings, out);
}

function nameChains(plan: ServicePortPlan, endpoints: readonly Endpoint[]): readonly ChainedEndpoint[] {
  const start = plan.name + plan.protocol;
  const chained: ChainedEndpoint[] = [];
  for (const endpoint of endpoints) chained.push({ endpoint, chain: endpointChain(start, endpoint.target) });
  return chained;
}

function lowerExternalChain(
  plan: ServicePortPlan,
  external: ExternalPlan,
  own: ServicePortChains,
  settings: FamilySettings,
  out: Sections,
): void {
  becauseOfService(out, plan, "spec.externalTrafficPolicy");
  const rule = (match: string, target: string): void =>
    write(out, "nat own", appendTo(own.external) + match + jump(target));
  write(out, "nat declarations", declare(own.external));
  if (!external.keepsSource) {
    // Endpoints may be on other nodes, whose answers must come back through this one.
    rule(comment(`masquerade traffic for ${plan.name} external destinations`), chains.markMasquerade);
  } else {
    if (settings.localTraffic !== undefined) {
      const local = fromLocal(settings.localTraffic);
      rule(local.source + local.interface + comment(`pod traffic for ${plan.name} external destinations`), own.cluster);
    }
    // The node itself may use any endpoint, masqueraded: the address it asked for may have become its source.
    const fromNode = addressType("src", "LOCAL");
    rule(comment(`masquerade LOCAL traffic for ${plan.name} external destinations`) + fromNode, chains.markMasquerade);
    rule(comment(`route LOCAL traffic for ${plan.name} external destinations`) + fromNode, own.cluster);
  }
  if (external.route.kind === "balance") rule("", external.route.over === "cluster" ? own.cluster : own.local);
}

/** Sources in a range go on; others reach the end of the chain untranslated, and KUBE-PROXY-FIREWALL drops them. */
function lowerFirewallChain(
  plan: ServicePortPlan,
  admission: Admission,
  own: ServicePortChains,
  settings: FamilySettings,
  out: Sections,
): void {
  const start = appendTo(own.firewall);
  const allow = (cidr: string): void =>
    write(out, "nat own", start + source(cidr) + comment(`${plan.name} loadbalancer IP`) + jump(own.external));
  becauseOfService(out, plan, "spec.loadBalancerSourceRanges");
  write(out, "nat declarations", declare(own.firewall));
  for (const { cidr, place } of admission.ranges) {
    becauseOfService(out, plan, `spec.loadBalancerSourceRanges[${place.key}]`, place);
    allow(cidr.text);
  }
  // The node's own packets to the address carry the address itself as their source.
  if (admission.includesNode)
    for (const { address } of plan.external?.loadBalancerIps ?? []) allow(hostCidr(address.text, settings));
  write(out, "nat own", start + comment(`other traffic to ${plan.name} will be dropped by KUBE-PROXY-FIREWALL`));
}

/** SVC or SVL: masquerade what does not come from a pod, then affinity, then an endpoint by chance. */
function lowerPolicyChain(
  plan: ServicePortPlan,
  chain: string,
  over: "cluster" | "local",
  endpoints: readonly ChainedEndpoint[],
  settings: FamilySettings,
  out: Sections,
): void {
  becauseOfService(out, plan, "spec.clusterIP", plan.clusterIp.place);
  write(out, "nat declarations", declare(chain));
  const start = appendTo(chain);
  if (plan.internal.kind === "balance" && plan.internal.over === over) lowerMasquerade(plan, start, settings, out);
  const opening = ` -m comment --comment "${plan.name} -> `;
  const toEndpoint = ({ endpoint }: ChainedEndpoint): string =>
    settings.largeCluster ? "" : `${opening}${endpoint.target}"`;
  if (plan.affinity !== undefined) {
    becauseOfService(out, plan, "spec.sessionAffinity");
    for (const to of endpoints) {
      const seen = recentCheck(to.chain, plan.affinity.timeoutSeconds, settings.family);
      write(out, "nat own", start + toEndpoint(to) + seen + jump(to.chain));
    }
  }
  endpoints.forEach((to, index) => {
    becauseOfEndpoint(out, to.endpoint);
    const left = endpoints.length - index;
    write(out, "nat own", start + toEndpoint(to) + (left > 1 ? statisticRandom(left) : "") + jump(to.chain));
  });
}

function lowerMasquerade(plan: ServicePortPlan, start: string, settings: FamilySettings, out: Sections): void {
  if (!settings.masqueradeAll && settings.localTraffic === undefined) return;
  const others =
    settings.masqueradeAll || settings.localTraffic === undefined
      ? { source: "", interface: "" }
      : notFromLocal(settings.localTraffic);
  const rule =
    others.source +
    destination(hostCidr(plan.clusterIp.address.text, settings)) +
    others.interface +
    protocol(plan.protocol) +
    comment(`${plan.name} cluster IP`) +
    destinationPort(plan.protocol, plan.port.port);
  write(out, "nat own", start + rule + jump(chains.markMasquerade));
}

function lowerEndpointChains(
  plan: ServicePortPlan,
  endpoints: readonly ChainedEndpoint[],
  settings: FamilySettings,
  out: Sections,
): void {
  const name = settings.largeCluster ? "" : comment(plan.name);
  const hairpin = name + jump(chains.markMasquerade);
  const forwarded = protocol(plan.protocol) + name;
  const match = protocolMatch(plan.protocol);
  for (const { endpoint, chain } of endpoints) {
    becauseOfEndpoint(out, endpoint);
    const start = appendTo(chain);
    write(out, "nat declarations", declare(chain));
    // Hairpin: an endpoint that reaches itself through the service must see another source than itself.
    write(out, "nat own", start + source(hostCidr(endpoint.entry.ip, settings)) + hairpin);
    const remembered = plan.affinity === undefined ? "" : recentSet(chain, settings.family);
    write(out, "nat own", start + forwarded + remembered + match + dnat(endpoint.target));
  }
}

/** Both lists are in order and seldom differ; the same target has the same chain. */
function union(cluster: readonly ChainedEndpoint[], local: readonly ChainedEndpoint[]): readonly ChainedEndpoint[] {
  if (local.length === 0) return cluster;
  const known = new Set(cluster.map(({ chain }) => chain));
  const extra = local.filter(({ chain }) => !known.has(chain));
  if (extra.length === 0) return cluster;
  return [...cluster, ...extra].sort((a, b) => compareBytes(a.endpoint.target, b.endpoint.target));
}
