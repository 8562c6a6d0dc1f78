import { comparedChains, readRules } from "../../scripts/conformance/rules.mjs";
import { canonicalRule } from "../../src/languages/iptables/canonical-rule.ts";
import { parseTables } from "../../src/languages/iptables/parse.ts";
import { readTables } from "../../src/languages/iptables/read-tables.ts";
import { parseDump } from "../../src/reconcile/live/parse-dump.ts";

type Rules = ReadonlyMap<string, readonly string[]>;

/** Rule text, of a save or a restore, as `TABLE CHAIN` and its rules as they are spelled. */
export function rulesIn(text: string): Rules {
  return comparedChains(readRules(text));
}

/** What a text says, whatever its spelling: the two backends do not print everything alike. */
export function meaningOf(text: string): unknown {
  const { tables, problems } = parseTables(text);
  const chains = tables.flatMap((table) =>
    table.chains
      .filter(({ policy, rules }) => policy === undefined || rules.length > 0)
      .map(
        ({ name, rules }) =>
          [`${table.name} ${name}`, rules.map(({ matches, target }) => ({ matches, target }))] as const,
      ),
  );
  return { problems, chains: new Map(chains) };
}

/** The rules of a text in any form, by `TABLE CHAIN`, in one spelling. */
export function rulesInAnyForm(text: string): { readonly rules: Rules; readonly notes: readonly string[] } {
  const { hosts, notes } = parseDump([{ name: "listing", text }]);
  const { tables, problems } = readTables(hosts.flatMap(({ texts }) => texts));
  const chains = [...tables].flatMap(([table, all]) =>
    [...all.values()]
      .filter(({ lines }) => lines.length > 0)
      .map(({ name, lines }) => [`${table} ${name}`, lines.map(canonicalRule)] as const),
  );
  return { rules: new Map(chains), notes: [...notes, ...problems].map(({ message }) => message) };
}

/** The rules that the shell scripts of this folder load as somebody else's, apart from the others. */
export function separated(rules: Rules): { readonly ours: Rules; readonly foreign: readonly string[] } {
  const isForeign = (rule: string) => /FOREIGN/.test(rule);
  const ours = new Map<string, readonly string[]>();
  const foreign: string[] = [];
  for (const [chain, list] of rules) {
    foreign.push(...list.filter(isForeign));
    if (!chain.endsWith(" FOREIGN"))
      ours.set(
        chain,
        list.filter((rule) => !isForeign(rule)),
      );
  }
  return { ours, foreign: foreign.sort() };
}

export function withoutCounts(saved: string): string {
  return saved.replace(/^#.*\n/gm, "").replace(/^(:\S+ \S+) \[\d+:\d+\]$/gm, "$1");
}
