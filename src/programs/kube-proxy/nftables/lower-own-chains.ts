import { clientSet, comment, networks, nftFamily, randomEntry, setMarkBit } from "../../../languages/nftables/write.ts";
import type { IpAddress } from "../../../model/address.ts";
import { targetPort } from "../../../plan/forwarding/endpoints.ts";
import type { Endpoint, ExternalPlan, SourceRanges } from "../../../plan/forwarding/forwarding-plan.ts";
import { setEndpointOrigin, setOrigin } from "../../origins.ts";
import { fromLocal } from "./matches.ts";
import { affinitySetPrefix, endpointChainPrefix, nftEndpointName } from "./names.ts";
import { addLine, openBlock, type PortLowering } from "./table-objects.ts";

/** An endpoint and the end of the names of its chain and set. */
interface NamedEndpoint {
  readonly endpoint: Endpoint;
  readonly name: string;
}

/** The chains that belong to one service port alone, and with session affinity a chain and a set for each endpoint. */
export function lowerOwnChains(lowering: PortLowering): void {
  const { plan, own } = lowering;
  const { external, affinity, endpoints } = plan;
  if (external !== undefined) {
    if (external.route.kind !== "reject") lowerExternalChain(lowering, external);
    if (external.sourceRanges !== undefined) lowerFirewallChain(lowering, external, external.sourceRanges);
  }
  if (affinity === undefined) {
    if (endpoints.cluster.length > 0) lowerPlainChain(lowering, own.cluster, endpoints.cluster);
    if (endpoints.local.length > 0) lowerPlainChain(lowering, own.local, endpoints.local);
    return;
  }
  const named = (each: readonly Endpoint[]): readonly NamedEndpoint[] =>
    each.map((endpoint) => ({ endpoint, name: nftEndpointName(plan, endpoint) }));
  const [cluster, local] = [named(endpoints.cluster), named(endpoints.local)];
  if (cluster.length > 0) lowerStickyChain(lowering, own.cluster, cluster);
  if (local.length > 0) lowerStickyChain(lowering, own.local, local);
  const all = new Map([...cluster, ...local].map((each) => [each.name, each]));
  const clients = clientSet(lowering.settings.family, affinity.timeoutSeconds);
  for (const each of all.values()) lowerStickyEndpoint(lowering, each, clients);
}

function lowerExternalChain({ plan, own, settings, out }: PortLowering, external: ExternalPlan): void {
  setOrigin(out, plan, "spec.externalTrafficPolicy");
  const chain = openBlock(out, out.chains, own.external);
  const rule = (text: string, why: string): void => addLine(out, chain, text + (why === "" ? "" : comment(why)));
  const mark = setMarkBit(settings.masqueradeMark);
  if (!external.preservesClientIp) {
    // Endpoints may be on other nodes, whose replies must return through this node.
    rule(mark, "masquerade");
  } else if (external.shortCircuitsLocal) {
    if (settings.localDetector !== undefined)
      rule(`${fromLocal(settings.localDetector)} goto ${own.cluster}`, "short-circuit pod traffic");
    // The node itself may use any endpoint, masqueraded: its source may be the service address.
    rule(`fib saddr type local ${mark}`, "masquerade local traffic");
    rule(`fib saddr type local goto ${own.cluster}`, "short-circuit local traffic");
  }
  if (external.route.kind === "balance")
    rule(`goto ${external.route.over === "cluster" ? own.cluster : own.local}`, "");
}

/** Drops what comes from outside the ranges, before DNAT. */
function lowerFirewallChain(
  { plan, own, settings, out }: PortLowering,
  { loadBalancerIps }: ExternalPlan,
  { ranges, includesNode }: SourceRanges,
): void {
  setOrigin(out, plan, "spec.loadBalancerSourceRanges");
  const chain = openBlock(out, out.chains, own.firewall);
  // The node's own packets to the address have the address itself as their source.
  const ownSources = includesNode ? loadBalancerIps.map(({ address }) => hostCidr(address)) : [];
  const sources = networks([...ranges.map(({ cidr }) => cidr), ...ownSources]);
  addLine(out, chain, `${nftFamily[settings.family]} saddr != ${sources} drop`);
}

function hostCidr({ family, text }: IpAddress): SourceRanges["ranges"][number]["cidr"] {
  const prefix = family === "ipv4" ? 32 : 128;
  return { family, text: `${text}/${prefix}`, prefix };
}

/** One rule with DNAT to a random endpoint. */
function lowerPlainChain({ plan, settings, out }: PortLowering, name: string, endpoints: readonly Endpoint[]): void {
  setOrigin(out, plan, "spec.clusterIP", plan.clusterIp.place);
  const chain = openBlock(out, out.chains, name);
  const [only] = endpoints;
  if (endpoints.length === 1 && only !== undefined && settings.version.plainSingleEndpoint) {
    setEndpointOrigin(out, only);
    addLine(out, chain, `meta l4proto ${plan.protocol} dnat to ${only.target}`);
    return;
  }
  const targets = endpoints.map((endpoint) => `${endpoint.entry.ip} . ${targetPort(endpoint)}`);
  const choice = randomEntry("map", targets);
  addLine(out, chain, `meta l4proto ${plan.protocol} dnat ${nftFamily[settings.family]} to ${choice}`);
}

/** A client that an endpoint remembers returns to it; others go to a random one. */
function lowerStickyChain(
  { plan, settings, out }: PortLowering,
  name: string,
  endpoints: readonly NamedEndpoint[],
): void {
  setOrigin(out, plan, "spec.sessionAffinity");
  const chain = openBlock(out, out.chains, name);
  const source = `${nftFamily[settings.family]} saddr`;
  const targets = endpoints.map((each) => `goto ${endpointChainPrefix}${each.name}`);
  endpoints.forEach((each, at) => {
    setEndpointOrigin(out, each.endpoint);
    addLine(out, chain, `${source} @${affinitySetPrefix}${each.name} ${targets[at]}`);
  });
  setOrigin(out, plan, "spec.sessionAffinity");
  addLine(out, chain, randomEntry("vmap", targets));
}

/** The set of an endpoint's clients, and the chain that enters a client and sends it on. */
function lowerStickyEndpoint(
  { plan, settings, out }: PortLowering,
  { endpoint, name }: NamedEndpoint,
  clients: readonly string[],
): void {
  setEndpointOrigin(out, endpoint);
  const set = openBlock(out, out.affinitySets, affinitySetPrefix + name);
  for (const line of clients) addLine(out, set, line);
  const chain = openBlock(out, out.chains, endpointChainPrefix + name);
  addLine(out, chain, `update @${affinitySetPrefix}${name} { ${nftFamily[settings.family]} saddr }`);
  addLine(out, chain, `meta l4proto ${plan.protocol} dnat to ${endpoint.target}`);
}
