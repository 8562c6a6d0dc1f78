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
  Endpoint,
  EndpointList,
  ExternalPlan,
  ServicePortPlan,
  SourceRanges,
} from "../../../plan/forwarding/forwarding-plan.ts";
import { setEndpointOrigin, setOrigin } from "../../origins.ts";
import { iptablesChains as chains, endpointChain } from "../chain-names.ts";
import { fromLocal, hostCidr, notFromLocal } from "./matches.ts";
import { type PortLowering, write } from "./sections.ts";

/** An endpoint and its chain. */
interface ChainedEndpoint {
  readonly endpoint: Endpoint;
  readonly chain: string;
}

/** The chains that belong to one service port alone: EXT, FW, SVC, SVL and one SEP for each endpoint. */
export function lowerOwnChains(lowering: PortLowering): void {
  const { plan, own } = lowering;
  const { external } = plan;
  if (external !== undefined && external.route.kind !== "reject") {
    lowerExternalChain(lowering, external);
    if (external.sourceRanges !== undefined) lowerFirewallChain(lowering, external, external.sourceRanges);
  }
  const cluster = nameChains(plan, plan.endpoints.cluster);
  const local = nameChains(plan, plan.endpoints.local);
  if (cluster.length > 0) lowerPolicyChain(lowering, own.cluster, "cluster", cluster);
  if (local.length > 0) lowerPolicyChain(lowering, own.local, "local", local);
  lowerEndpointChains(lowering, union(cluster, local));
}

function nameChains(plan: ServicePortPlan, endpoints: readonly Endpoint[]): readonly ChainedEndpoint[] {
  const start = plan.name + plan.protocol;
  const chained: ChainedEndpoint[] = [];
  for (const endpoint of endpoints) chained.push({ endpoint, chain: endpointChain(start, endpoint.target) });
  return chained;
}

function lowerExternalChain({ plan, own, settings, out }: PortLowering, external: ExternalPlan): void {
  setOrigin(out, plan, "spec.externalTrafficPolicy");
  const rule = (match: string, target: string): void =>
    write(out, "nat own", appendTo(own.external) + match + jump(target));
  write(out, "nat declarations", declare(own.external));
  if (!external.preservesClientIp) {
    // Endpoints may be on other nodes, whose replies must return through this node.
    rule(comment(`masquerade traffic for ${plan.name} external destinations`), chains.markMasquerade);
  } else if (external.shortCircuitsLocal) {
    if (settings.localDetector !== undefined) {
      const local = fromLocal(settings.localDetector);
      rule(local.source + local.interface + comment(`pod traffic for ${plan.name} external destinations`), own.cluster);
    }
    // The node itself may use any endpoint, masqueraded: its source may be the service address.
    const fromNode = addressType("src", "LOCAL");
    rule(comment(`masquerade LOCAL traffic for ${plan.name} external destinations`) + fromNode, chains.markMasquerade);
    rule(comment(`route LOCAL traffic for ${plan.name} external destinations`) + fromNode, own.cluster);
  }
  if (external.route.kind === "balance") rule("", external.route.over === "cluster" ? own.cluster : own.local);
}

/** Packets from a source range continue; others fall through untranslated, and KUBE-PROXY-FIREWALL drops them. */
function lowerFirewallChain(
  { plan, own, settings, out }: PortLowering,
  { loadBalancerIps }: ExternalPlan,
  { ranges, includesNode }: SourceRanges,
): void {
  const start = appendTo(own.firewall);
  const allow = (cidr: string): void =>
    write(out, "nat own", start + source(cidr) + comment(`${plan.name} loadbalancer IP`) + jump(own.external));
  setOrigin(out, plan, "spec.loadBalancerSourceRanges");
  write(out, "nat declarations", declare(own.firewall));
  for (const { cidr, place } of ranges) {
    setOrigin(out, plan, `spec.loadBalancerSourceRanges[${place.key}]`, place);
    allow(cidr.text);
  }
  // The node's own packets to the address have the address itself as their source.
  if (includesNode) for (const { address } of loadBalancerIps) allow(hostCidr(address.text, settings));
  write(out, "nat own", start + comment(`other traffic to ${plan.name} will be dropped by KUBE-PROXY-FIREWALL`));
}

/** SVC or SVL: masquerade traffic from outside the pods, then affinity, then a random endpoint. */
function lowerPolicyChain(
  lowering: PortLowering,
  chain: string,
  over: EndpointList,
  endpoints: readonly ChainedEndpoint[],
): void {
  const { plan, settings, out } = lowering;
  setOrigin(out, plan, "spec.clusterIP", plan.clusterIp.place);
  write(out, "nat declarations", declare(chain));
  const start = appendTo(chain);
  if (plan.internal.kind === "balance" && plan.internal.over === over) lowerMasquerade(lowering, start);
  const opening = ` -m comment --comment "${plan.name} -> `;
  const toEndpoint = ({ endpoint }: ChainedEndpoint): string =>
    settings.largeCluster ? "" : `${opening}${endpoint.target}"`;
  if (plan.affinity !== undefined) {
    setOrigin(out, plan, "spec.sessionAffinity");
    for (const to of endpoints) {
      const seen = recentCheck(to.chain, plan.affinity.timeoutSeconds, settings.family);
      write(out, "nat own", start + toEndpoint(to) + seen + jump(to.chain));
    }
  }
  endpoints.forEach((to, index) => {
    setEndpointOrigin(out, to.endpoint);
    const left = endpoints.length - index;
    write(out, "nat own", start + toEndpoint(to) + (left > 1 ? statisticRandom(left) : "") + jump(to.chain));
  });
}

function lowerMasquerade({ plan, settings, out }: PortLowering, start: string): void {
  if (!settings.masqueradeAll && settings.localDetector === undefined) return;
  const others =
    settings.masqueradeAll || settings.localDetector === undefined
      ? { source: "", interface: "" }
      : notFromLocal(settings.localDetector);
  const rule =
    others.source +
    destination(hostCidr(plan.clusterIp.address.text, settings)) +
    others.interface +
    protocol(plan.protocol) +
    comment(`${plan.name} cluster IP`) +
    destinationPort(plan.protocol, plan.port.port);
  write(out, "nat own", start + rule + jump(chains.markMasquerade));
}

function lowerEndpointChains({ plan, settings, out }: PortLowering, endpoints: readonly ChainedEndpoint[]): void {
  const name = settings.largeCluster ? "" : comment(plan.name);
  const hairpin = name + jump(chains.markMasquerade);
  const forwarded = protocol(plan.protocol) + name;
  const match = protocolMatch(plan.protocol);
  for (const { endpoint, chain } of endpoints) {
    setEndpointOrigin(out, endpoint);
    const start = appendTo(chain);
    write(out, "nat declarations", declare(chain));
    // Hairpin: an endpoint that reaches itself through the Service must be masqueraded.
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
