import { isServicePortChain } from "../../../programs/kube-proxy/chain-names.ts";
import { serviceInRule } from "../../../reconcile/attribution.ts";
import { chainSubject, leadOf } from "../chain-graph.ts";
import type { TextRule } from "../checked-host.ts";

/** Empty chains of a service port that packets are sent to: kube-proxy fills each chain that it creates. */
export const chainEmpty: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const empty = new Set(
      [...table.chains.values()].flatMap(({ name, rules }) =>
        rules.length === 0 && isServicePortChain(name) ? [name] : [],
      ),
    );
    if (empty.size === 0) continue;
    const told = new Set<string>();
    for (const { rules } of table.chains.values()) {
      for (const placed of rules) {
        const { rule } = placed;
        const chain = leadOf(rule)?.chain ?? "";
        if (!empty.has(chain) || told.has(chain)) continue;
        told.add(chain);
        const service = serviceInRule(rule.text);
        const services = service === undefined ? [] : [service];
        sink.reporter(chainSubject(table, chain))("chain-empty", placed.place, { chain }, { services });
      }
    }
  }
};
