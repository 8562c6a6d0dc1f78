import { ownChains, serviceInRule } from "../../programs/registry.ts";
import { builtInsOf, calledChains, chainSubject, chainsCalledBy, leadOf, reachableFrom } from "./chain-graph.ts";
import type { CheckedTable, PlacedRule, TextRule } from "./checked-host.ts";

/** Targets that may have no options and are not chains (iptables-extensions(8), xtables-addons). */
const extensions = new Set(
  (
    "ACCEPT DROP QUEUE RETURN REJECT LOG NFLOG ULOG TRACE NOTRACK CT AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK " +
    "CONNSECMARK DNAT DNPT DSCP ECN HL HMARK IDLETIMER LED MARK MASQUERADE MIRROR NETMAP NFQUEUE RATEEST REDIRECT " +
    "SAME SECMARK SET SNAT SNPT SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY TTL TARPIT DELUDE CHAOS STEAL ECHO " +
    "ACCOUNT DNETMAP IPMARK LOGMARK RAWDNAT RAWSNAT SYSRQ DHCPMAC PROTO NDPI FLOWOFFLOAD FULLCONENAT IMQ NAT LSCAN"
  ).split(" "),
);

/** Rules that jump to chains that do not exist. A text that declares no chains is part of a larger one. */
export const jumpTargetMissing: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    if (!table.declaresChains && !table.hasBuiltIns) continue;
    for (const { name, rules } of table.chains.values()) {
      for (const placed of rules) {
        const { rule } = placed;
        const lead = leadOf(rule);
        if (lead === undefined || table.chains.has(lead.chain)) continue;
        if (!lead.isGoto && extensions.has(lead.chain)) continue;
        sink.reporter(chainSubject(table, name))("jump-target-missing", placed.place, {
          chain: lead.chain,
          table: table.name,
        });
      }
    }
  }
};

/** Empty chains of a service port that packets are sent to: kube-proxy fills each chain that it creates. */
export const chainEmpty: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const empty = new Set(
      [...table.chains.values()].flatMap(({ name, rules }) =>
        rules.length === 0 && ownChains.isOfFragment(name) ? [name] : [],
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

/** Chains that call themselves, directly or indirectly. */
export const chainLoop: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    for (const { path, placed } of loopsOf(table)) {
      const report = sink.reporter(chainSubject(table, path[0] as string));
      report("chain-loop", placed.place, { path: path.join(" -> ") });
    }
  }
};

interface Loop {
  readonly path: readonly string[];
  readonly placed: PlacedRule;
}

interface Step {
  readonly chain: string;
  readonly leads: readonly PlacedRule[];
  next: number;
}

/** One loop for each rule that closes one. Iterative, since chains may be nested as deep as a text is long. */
function loopsOf(table: CheckedTable): readonly Loop[] {
  const loops: Loop[] = [];
  const done = new Set<string>();
  const onPath = new Set<string>();
  // Nearly all chains call none, or one that closes no loop.
  const isDone = (chain: string): boolean => {
    if (done.has(chain)) return true;
    if (!chainsCalledBy(table, chain).every((each) => done.has(each))) return false;
    done.add(chain);
    return true;
  };
  const enter = (chain: string): Step => {
    onPath.add(chain);
    const leads = (table.chains.get(chain)?.rules ?? []).filter(({ rule }) => leadOf(rule) !== undefined);
    return { chain, leads, next: 0 };
  };
  for (const start of table.chains.keys()) {
    const path = isDone(start) ? [] : [enter(start)];
    for (let step = path[0]; step !== undefined; step = path[path.length - 1]) {
      const placed = step.leads[step.next];
      step.next += 1;
      const chain = placed && leadOf(placed.rule)?.chain;
      if (placed === undefined || chain === undefined) {
        done.add(step.chain);
        onPath.delete(step.chain);
        path.pop();
      } else if (onPath.has(chain)) {
        const names = path.map((each) => each.chain);
        loops.push({ path: [...names.slice(names.indexOf(chain)), chain], placed });
      } else if (!isDone(chain)) path.push(enter(chain));
    }
  }
  return loops;
}

/** Chains of kube-proxy without callers: leftovers of a service port, and the entry chains of all of them. */
export const chainsWithoutCallers: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const called = calledChains(table);
    const unused = [...table.chains.values()].filter(({ name }) => !called.has(name) && ownChains.isOfFragment(name));
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
  return [...ownChains.named("dispatch"), ...ownChains.named("masquerade")].filter((name) => {
    const isFilled = (table.chains.get(name)?.rules.length ?? 0) > 0;
    return isFilled && !reached.some((chains) => chains.has(name));
  });
}
