import { isServicePortChain } from "../../../programs/kube-proxy/chain-names.ts";
import { serviceInRule } from "../../../reconcile/attribution.ts";
import { chainSubject, leadOf } from "../chain-graph.ts";
import type { TextRule } from "../checked-host.ts";

/** Empty chains of a service port that packets are sent to: kube-proxy fills each chain that it creates. */
export const chainEmpty: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const told = new Set<string>();
    for (const { rules } of table.chains.values()) {
      for (const { rule, place } of rules) {
        const chain = leadOf(rule)?.chain ?? "";
        const isEmpty = isServicePortChain(chain) && table.chains.get(chain)?.rules.length === 0;
        if (!isEmpty || told.has(chain)) continue;
        told.add(chain);
        const service = serviceInRule(rule.text);
        const services = service === undefined ? [] : [service];
        sink.reporter(chainSubject(table, chain))("chain-empty", place, { chain }, { services });
      }
    }
  }
};
