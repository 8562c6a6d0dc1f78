import type { Step } from "../ir/step.ts";
import { type Family, families } from "../model/address.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";

/** How many rules a table of a family has, or was sent. */
export interface RuleCount {
  readonly family: Family;
  readonly table: string;
  readonly count: number;
}

/** The rules that are ours. */
export function countRules({ rules }: OwnedState): readonly RuleCount[] {
  return families.flatMap((family) =>
    [...(rules[family]?.tables ?? [])].map(([table, { chains, jumps }]) => {
      const lines = [...chains.values(), ...jumps.values()];
      return { family, table, count: lines.reduce((sum, { length }) => sum + length, 0) };
    }),
  );
}

/** The rules that steps add. */
export function countSentRules(steps: readonly Step[]): readonly RuleCount[] {
  const counts = new Map<string, RuleCount>();
  for (const { argv, stdin } of steps) {
    if (!/^ip6?tables-restore$/.test(argv[0] ?? "")) continue;
    const family = argv[0] === "ip6tables-restore" ? "ipv6" : "ipv4";
    let table = "";
    for (const line of stdin.split("\n")) {
      if (line.startsWith("*")) table = line.slice(1);
      if (!/^-[AI] /.test(line)) continue;
      const key = `${family} ${table}`;
      counts.set(key, { family, table, count: (counts.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...counts.values()];
}
