import { chainSubject } from "../chain-graph.ts";
import type { TextRule } from "../checked-host.ts";

/** Rules that match on sets that do not exist; only where the text contains all sets. */
export const setMissing: TextRule = ({ tables, sets }, sink) => {
  if (sets === undefined) return;
  for (const table of tables) {
    for (const { name, rules } of table.chains.values()) {
      for (const placed of rules) {
        const { rule } = placed;
        if (!rule.text.includes("-set ")) continue;
        for (const set of setsIn(rule.text)) {
          if (!sets.has(set)) sink.reporter(chainSubject(table, name))("set-missing", placed.place, { set });
        }
      }
    }
  }
};

/** Comments are ignored. */
function setsIn(text: string): readonly string[] {
  const plain = text.replace(/--comment (?:"(?:[^"\\]|\\.)*"|\S+)/g, "");
  return [...plain.matchAll(/ --(?:match|add|del|map)-set (\S+)/g)].map(([, name]) => name as string);
}
