import { attributeChains, everyService, type ServiceOfChain, unknownService } from "../../../changes/attribution.ts";
import { emptyTable, nothingOwned, type OwnedRules } from "../../../changes/owned/owned-state.ts";
import type { Family } from "../../../model/address.ts";
import type { Texts } from "../texts.ts";

/** Says whose a chain is by the comments in the text alone; undefined where nothing names a service port. */
export function ownersByComments({ chains }: Texts): (chain: string) => string | undefined {
  const rulesOf = (family: Family): OwnedRules => {
    const nat = chains.filter((chain) => chain.family === family && chain.table === "nat");
    const lines = new Map(nat.map(({ name, rules }) => [name, rules.map(({ text }) => text)]));
    return { tables: new Map([["nat", { ...emptyTable, chains: lines }]]), sharedWithKubelet: false };
  };
  const state = { ...nothingOwned, rules: { ipv4: rulesOf("ipv4"), ipv6: rulesOf("ipv6") } };
  const find: ServiceOfChain = attributeChains([state]);
  return (chain) => {
    const service = find(chain);
    return service === everyService || service === unknownService ? undefined : service;
  };
}
