import { createSubject } from "../../../diagnostics/diagnostic.ts";
import { elementText, type NftTable } from "../../../languages/nftables/ruleset.ts";
import { tableName } from "../../../languages/nftables/stages.ts";
import { chainsNamed, setsNamed } from "../../../languages/nftables/words.ts";
import { placeIn } from "../../places-in-texts.ts";
import type { TextRule } from "../checked-host.ts";

/** Rules and elements of nftables that name chains or sets that do not exist: nft refuses to load them. */
export const tableReferences: TextRule = ({ ruleset }, sink) => {
  for (const table of ruleset.tables) {
    for (const { name, text, file, line } of linesIn(table)) {
      const report = sink.reporter(createSubject("Chain", tableName(table), name));
      for (const chain of chainsNamed(text)) {
        if (table.chains.has(chain)) continue;
        const hint = "add the chain to the table, or remove what leads to it";
        report("jump-target-missing", placeIn(file, line), { chain, table: tableName(table) }, { hint });
      }
      for (const set of setsNamed(text)) {
        if (table.sets.has(set)) continue;
        report("set-missing", placeIn(file, line), { set }, { hint: "add the set or map to the table" });
      }
    }
  }
};

interface TableLine {
  /** Of the chain or map. */
  readonly name: string;
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

/** The rules of all chains and the elements of all verdict maps. Comments name nothing. */
function* linesIn({ chains, sets }: NftTable): Iterable<TableLine> {
  for (const { name, rules } of chains.values())
    for (const { text, file, line } of rules) yield { name, text: withoutQuoted(text), file, line };
  for (const { name, file, value, elements } of sets.values()) {
    if (value?.[0] !== "verdict") continue;
    for (const element of elements)
      yield { name, text: elementText({ ...element, comment: undefined }), file, line: element.line };
  }
}

function withoutQuoted(text: string): string {
  return text.includes('"') ? text.replace(/"[^"]*"/g, '""') : text;
}
