import {
  attributeChains,
  everyService,
  type RulesByFamily,
  serviceInRule,
  unknownService,
} from "../../changes/attribution.ts";
import { isOwnedChain, isServicePortChain } from "../../changes/owned/owned-names.ts";
import { targetOf } from "../../tools/iptables/canonical-rule.ts";

/** Says whose a rule of a chain is: a service port's, or none where it is everyone's or cannot be told. */
export type RuleOwners = (chain: string, line: string) => readonly string[];

/**
 * Finds owners by what the comments of these rules say; a rule without one is its target's. Rules in chains of others
 * are nobody's, whatever they say.
 */
export function createRuleOwners(states: readonly RulesByFamily[]): RuleOwners {
  const ofChain = attributeChains(states);
  const ownerOf = (chain: string | undefined): readonly string[] => {
    const owner = chain === undefined || !isServicePortChain(chain) ? everyService : ofChain(chain);
    return owner === everyService || owner === unknownService ? [] : [owner];
  };
  return (chain, line) => {
    if (isServicePortChain(chain)) return ownerOf(chain);
    if (!isOwnedChain(chain)) return [];
    const name = serviceInRule(line);
    return name === undefined ? ownerOf(targetOf(line)) : [name];
  };
}
