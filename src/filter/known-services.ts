import { describeObject } from "../diagnostics/diagnostic.ts";
import type { Cluster } from "../model/cluster.ts";
import { ownChainIn, ownChains, serviceInRule } from "../programs/registry.ts";
import { attributeChains, everyService, type RulesByFamily, unknownService } from "../reconcile/attribution.ts";
import type { Known } from "./narrowing.ts";
import type { KnownService } from "./service-filter.ts";

/** The Services of these clusters, and the Service of each EndpointSlice. */
export function servicesInClusters(clusters: readonly Cluster[]): Known {
  const services = clusters.flatMap((cluster) =>
    cluster.services.map(({ namespace, name, labels }) => ({ namespace, name, labels })),
  );
  const owners = new Map<string, string>();
  for (const { slices } of clusters) {
    for (const { source, namespace, name, service } of slices) {
      if (service !== undefined) owners.set(describeObject(source, namespace, name), `${namespace}/${service}`);
    }
  }
  return { services, owners };
}

/** The Services named by comments of rules in our chains. */
export function servicesInRules(lines: Iterable<string>): readonly KnownService[] {
  const names = new Set<string>();
  for (const line of lines) {
    const isOurs = ownChains.prefixes.some((prefix) => line.includes(`-A ${prefix}`)) && line.includes("--comment");
    const name = isOurs ? serviceInRule(line) : undefined;
    if (name !== undefined) names.add(name.replace(/:.*$/, ""));
  }
  return [...names].map((text) => {
    const [namespace = "", name = ""] = text.split("/");
    return { namespace, name, labels: undefined };
  });
}

/** Returns the service port that owns a rule of a chain; empty for shared rules and if the owner is unknown. */
export type RuleOwners = (chain: string, line: string) => readonly string[];

/**
 * Finds owners by the comments of these rules; a rule without a comment belongs to the owner of its target chain. Rules
 * in chains that are not ours have no owner.
 */
export function createRuleOwners(states: readonly RulesByFamily[]): RuleOwners {
  const ofChain = attributeChains(states);
  const ownerOf = (chain: string | undefined): readonly string[] => {
    const owner = chain === undefined || !ownChains.isOfFragment(chain) ? everyService : ofChain(chain);
    return owner === everyService || owner === unknownService ? [] : [owner];
  };
  return (chain, line) => {
    if (ownChains.isOfFragment(chain)) return ownerOf(chain);
    if (!ownChains.isOwned(chain)) return [];
    const name = serviceInRule(line);
    return name === undefined ? ownerOf(ownChainIn(line)) : [name];
  };
}
