import { parseTarget } from "../../../datapath/address-set.ts";
import { exactDestination, ruleAt } from "../../../datapath/chain-index.ts";
import { translationsAt } from "../../../datapath/elements.ts";
import type { EvaluatedHost, HostTexts } from "../../../datapath/host.ts";
import type { Hop, Outcome } from "../../../datapath/packet.ts";
import type { TextPart } from "../../../ir/artifact.ts";
import type { LoadedChain, Predicate } from "../../../ir/datapath.ts";
import { loadRules } from "../../../languages/evaluated-host.ts";
import { type Family, families } from "../../../model/address.ts";
import type { ServiceDestination, ShownRules, TrafficHost, TrafficMode } from "../../traffic-mode.ts";
import { iptablesChains, ipvsChains, isBalancingChain, isEndpointChain, isServicePortChain } from "../chain-names.ts";
import { isOwnedTable, isOwnTableName, parseServicePortChainName } from "../nftables/names.ts";
import { setKeyOf, setPrefix, sets } from "../set-names.ts";
import { shapesInRules, shapesInSets } from "./alike.ts";
import { completeFrame } from "./assumed-frame.ts";
import { causesInRules } from "./causes-in-rules.ts";
import { causesInTables } from "./causes-in-tables.ts";
import { checkChains } from "./chain-faults.ts";
import { destinationsInRules, destinationsInSets, servesLoopback } from "./destinations-in-rules.ts";
import { destinationsInTables, hairpinsInTables, shapesInTables, targetsInTables } from "./destinations-in-tables.ts";
import { isKubeProxyChain, podMatches, type RuleForms, withOwnRulesOnly, withUnseenJumps } from "./own-rules.ts";
import { iptablesForms } from "./restore-iptables.ts";
import { ipvsForms } from "./restore-ipvs.ts";
import {
  nodePortAddressesInTables,
  podMatchesInTables,
  withBothOrders,
  withOwnTablesOnly,
} from "./restore-nftables.ts";
import { checkTables } from "./table-faults.ts";

/** What modes with rules of iptables have in common. */
function inRules(forms: RuleForms) {
  return {
    complete: (host) => withUnseenJumps(host, forms),
    hasOpenOrder: false,
    isOwn: ({ chain }) => isKubeProxyChain(chain),
    intended: ({ host }) => withOwnRulesOnly(host, forms),
    podMatches: ({ host }, family) => podMatchesInRules(host, family, forms),
    endpoints: ({ host }) => endpointAddresses(host),
    nodePortAddresses: nodePortAddressesInRules,
    isRefusal: ({ rule }) => / has no | not accepted by /.test(rule.text),
    isBalanced,
  } satisfies Partial<TrafficMode>;
}

export const iptables: TrafficMode = {
  ...inRules(iptablesForms),
  evidence: (shown) => {
    const isOwn = (nat: NatChains): boolean =>
      nat.has(iptablesChains.services) || [...nat.keys()].some(isServicePortChain);
    return natChainsOf(shown).some(isOwn) ? "services" : undefined;
  },
  isShownIn: (texts) => inAny(rulesOf(texts), `:${iptablesChains.services}`),
  withFrame: (texts) => completeFrame(texts, iptablesForms.jumps),
  bindsAddresses: false,
  destinations: destinationsInRules,
  ownEndpoints: () => undefined,
  shapes: shapesInRules,
  translatesAfterRules: false,
  isLost: isLostInChains,
  reachesAllNodes: reachesAllEndpoints,
  causes: causesInRules({
    jumps: iptablesForms.jumps,
    chainFor: () => iptablesChains.services,
    mayWrite: () => false,
    balancer: undefined,
  }),
  checkChains,
  servesLoopback,
};

export const ipvs: TrafficMode = {
  ...inRules(ipvsForms),
  // Only ipvs mode has KUBE-NODE-PORT and rules that match on sets of kube-proxy.
  evidence: (shown) => {
    const isOwn = (nat: NatChains): boolean =>
      nat.has(ipvsChains.nodePort) || asksForSets(nat.get(ipvsChains.services));
    return natChainsOf(shown).some(isOwn) ? "services" : undefined;
  },
  isShownIn: (texts) =>
    texts.serviceAddresses.length > 0 ||
    inAny(texts.ipset, `create ${setPrefix}`) ||
    inAny(texts.ipvs, "-A ") ||
    inAny(rulesOf(texts), `--match-set ${sets.clusterIp.name}`),
  withFrame: (texts) => completeFrame(texts, ipvsForms.jumps),
  bindsAddresses: true,
  destinations: (traffic, family) => [...destinationsInRules(traffic, family), ...destinationsInSets(traffic, family)],
  ownEndpoints: ({ host }) => hairpinAddresses(host),
  shapes: shapesInSets,
  // IPVS balances after INPUT.
  translatesAfterRules: true,
  isLost: (_, { kind }, { host, knownAddresses }) =>
    host.servers.size > 0 && (kind !== "node-port" || knownAddresses.length > 0),
  reachesAllNodes: (_, { isLocal }) => isLocal !== true,
  causes: causesInRules({
    jumps: ipvsForms.jumps,
    chainFor: ({ kind }) => (kind === "node-port" ? ipvsChains.nodePort : ipvsChains.services),
    mayWrite: ({ predicates }) => predicates.some(({ kind }) => kind === "lookup"),
    balancer: "virtual server",
  }),
  checkChains: () => {},
  servesLoopback: () => false,
};

export const nftables: TrafficMode = {
  evidence: ({ ruleset }) => {
    const own = ruleset.tables.filter(isOwnedTable);
    const isOfService = (name: string): boolean => parseServicePortChainName(name) !== undefined;
    if (own.some(({ chains }) => [...chains.keys()].some(isOfService))) return "services";
    return own.length > 0 ? "empty" : undefined;
  },
  // What is compared and explained does not depend on it.
  isShownIn: () => false,
  withFrame: (texts) => texts,
  bindsAddresses: false,
  complete: withBothOrders,
  hasOpenOrder: true,
  isOwn: ({ table }) => isOwnTableName(table),
  intended: ({ host, ruleset }) => withOwnTablesOnly(host, ruleset),
  destinations: destinationsInTables,
  podMatches: ({ host }, family) => podMatchesInTables(host, family),
  endpoints: targetsInTables,
  ownEndpoints: hairpinsInTables,
  shapes: shapesInTables,
  translatesAfterRules: false,
  nodePortAddresses: ({ ruleset }, family) => nodePortAddressesInTables(ruleset, family),
  isBalanced,
  isRefusal: () => true,
  isLost: isLostInChains,
  reachesAllNodes: reachesAllEndpoints,
  causes: causesInTables,
  checkChains: checkTables,
  servesLoopback: () => false,
};

function rulesOf({ iptables: rules, ip6tables }: HostTexts): readonly TextPart[] {
  return [...rules, ...ip6tables];
}

function inAny(parts: readonly TextPart[], sign: string): boolean {
  return parts.some(({ text }) => text.includes(sign));
}

type NatChains = ReadonlyMap<string, LoadedChain>;

function natChainsOf({ texts }: ShownRules): readonly NatChains[] {
  return [texts.iptables, texts.ip6tables].flatMap((parts) => loadRules(parts).tables.get("nat") ?? []);
}

function asksForSets(chain: LoadedChain | undefined): boolean {
  return chain?.lines.some((line) => line.includes(`--match-set ${setPrefix}`)) === true;
}

function nodePortAddressesInRules({ texts }: ShownRules, family: Family): readonly string[] {
  const { tables } = loadRules(family === "ipv4" ? texts.iptables : texts.ip6tables);
  const services = tables.get("nat")?.get(iptablesChains.services);
  if (services === undefined) return [];
  const jump = ` -j ${iptablesChains.nodePorts}`;
  return services.lines.flatMap((line, at) => {
    const address = line.endsWith(jump) ? exactDestination(ruleAt(services, at)) : undefined;
    return address === undefined ? [] : [address];
  });
}

function podMatchesInRules(host: EvaluatedHost, family: Family, forms: RuleForms): readonly Predicate[] {
  const nat = host.families[family].tables.get("nat");
  return nat === undefined ? [] : podMatches(nat, forms);
}

function hairpinAddresses(host: EvaluatedHost): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [name, { entries }] of host.sets) {
    if (setKeyOf(name) !== "loopBack") continue;
    for (const { parts } of entries) if (parts[0]?.kind === "addresses") found.add(parts[0].range);
  }
  return found;
}

/** The addresses that rules and virtual servers of kube-proxy send to. */
function endpointAddresses({ families: rules, servers }: EvaluatedHost): ReadonlySet<string> {
  const found = new Set<string>();
  for (const family of families) {
    for (const chain of rules[family].tables.get("nat")?.values() ?? []) {
      if (!isEndpointChain(chain.name)) continue;
      for (const address of translationsAt(chain, chain.lines.length - 1)) found.add(address);
    }
  }
  for (const { realServers } of servers.values()) {
    for (const { address } of realServers) {
      const target = parseTarget(address);
      if (target !== undefined) found.add(target.address);
    }
  }
  return found;
}

/** The packet passed a chain that distributes it over endpoints. */
function isBalanced({ hops }: Outcome): boolean {
  return hops.some(
    (hop) =>
      hop.kind === "rule" &&
      (isBalancingChain(hop.chain) || isEndpointChain(hop.chain) || leadsToOwn(hop) || leadsToService(hop)),
  );
}

function leadsToOwn({ rule: { action } }: Extract<Hop, { kind: "rule" }>): boolean {
  const chain = action.kind === "jump" || action.kind === "goto" ? action.chain : "";
  return isBalancingChain(chain) || isEndpointChain(chain);
}

/** In nftables mode, through an element or from chain to chain. */
function leadsToService({ table, chain, element }: Extract<Hop, { kind: "rule" }>): boolean {
  if (!isOwnTableName(table)) return false;
  return ofEndpoints.test(chain) || ofEndpoints.test(element?.split(" : goto ")[1] ?? "");
}

const ofEndpoints = /^(?:service|local|endpoint)-/;

/** No rule of kube-proxy refuses it either, as far as the text shows them. */
function isLostInChains(outcome: Outcome, { family }: ServiceDestination, { host }: TrafficHost): boolean {
  if (isBalanced(outcome)) return true;
  const tables = host.families[family].tables;
  const external = outcome.hops.map(externalChain).find((name) => name !== undefined);
  if (external === undefined || tables.get("filter")?.has(iptablesChains.externalServices) !== true) return false;
  // Without an endpoint on this node, a chain of policy Local ends without one for clients from outside.
  const nat = tables.get("nat");
  const isLocal = nat?.get(external)?.lines.some((line) => line.includes(" --src-type LOCAL -j KUBE-SVC-")) === true;
  return !isLocal || nat?.has(external.replace("KUBE-EXT-", "KUBE-SVL-")) === true;
}

function externalChain(hop: Hop): string | undefined {
  const action = hop.kind === "rule" ? hop.rule.action : undefined;
  return action?.kind === "jump" && action.chain.startsWith("KUBE-EXT-") ? action.chain : undefined;
}

/** By way of the chain of all endpoints. */
function reachesAllEndpoints({ hops }: Outcome): boolean {
  return hops.some((hop) => hop.kind === "rule" && /^(?:KUBE-SVC|service)-/.test(hop.chain));
}
