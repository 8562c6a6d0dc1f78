import type { Hook, Stage, StageFamily } from "../../ir/datapath.ts";

interface TableStages {
  readonly type: Stage["type"];
  readonly hooks: Readonly<Partial<Record<Hook, number>>>;
}

/**
 * The fixed priorities of iptables' tables (NF_IP_PRI_* in netfilter_ipv4.h); mangle OUTPUT is a route chain. The nat
 * chains of one hook are called by one dispatcher, for new connections.
 */
const tables: Readonly<Record<string, TableStages>> = {
  raw: { type: "filter", hooks: { prerouting: -300, output: -300 } },
  mangle: { type: "filter", hooks: { prerouting: -150, input: -150, forward: -150, output: -150, postrouting: -150 } },
  nat: { type: "nat", hooks: { prerouting: -100, output: -100, input: 100, postrouting: 100 } },
  filter: { type: "filter", hooks: { input: 0, forward: 0, output: 0 } },
  security: { type: "filter", hooks: { input: 50, forward: 50, output: 50 } },
};

/** The base chains of a host's tables; other built-in chains are not called. */
export function stagesOf(
  family: StageFamily,
  present: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): readonly Stage[] {
  return Object.entries(tables).flatMap(([table, { type, hooks }]) =>
    Object.entries(hooks).flatMap(([hook, priority]): readonly Stage[] => {
      const chain = hook.toUpperCase();
      if (present.get(table)?.has(chain) !== true) return [];
      const isRoute = table === "mangle" && hook === "output";
      return [{ family, hook: hook as Hook, priority, type: isRoute ? "route" : type, entry: { table, chain } }];
    }),
  );
}
