import { iptablesChains as fixed, isServicePortChain } from "../../../programs/kube-proxy/chain-names.ts";
import { serviceInRule } from "../../../reconcile/attribution.ts";
import { builtInsOf, calledChains, chainSubject, reachableFrom } from "../chain-graph.ts";
import type { CheckedTable, TextRule } from "../checked-host.ts";

/** Chains of kube-proxy without callers: leftovers of a service port, and the entry chains of all of them. */
export const chainsWithoutCallers: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const called = calledChains(table);
    const unused = [...table.chains.values()].filter(({ name }) => !called.has(name) && isServicePortChain(name));
    const [first] = unused;
    if (first !== undefined) {
      const others = unused.length - 1;
      const what = others === 0 ? "this chain" : `this chain and ${others} ${others === 1 ? "other" : "others"}`;
      const services = new Set(
        unused.flatMap(({ rules }) => rules.flatMap(({ rule }) => serviceInRule(rule.text) ?? [])),
      );
      sink.reporter(chainSubject(table, first.name))(
        "chain-unused",
        first.place ?? first.rules[0]?.place,
        { chains: what },
        { services: [...services] },
      );
    }
  }
  for (const table of tables)
    if (table.hasBuiltIns && table.name === "nat")
      for (const name of doorsClosed(table)) {
        const chain = table.chains.get(name);
        const place = chain?.place ?? chain?.rules[0]?.place;
        sink.reporter(chainSubject(table, name))("chain-unreachable", place, { table: table.name, chain: name });
      }
};

/** Without these two chains no Service works, in either mode. */
function doorsClosed(table: CheckedTable): readonly string[] {
  const reached = builtInsOf(table).map((name) => reachableFrom(table, name));
  return [fixed.services, fixed.postrouting].filter((name) => {
    const isFilled = (table.chains.get(name)?.rules.length ?? 0) > 0;
    return isFilled && !reached.some((chains) => chains.has(name));
  });
}
