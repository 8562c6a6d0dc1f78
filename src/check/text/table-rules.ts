import { createSubject } from "../../diagnostics/diagnostic.ts";
import { placeIn } from "../../diagnostics/place.ts";
import { elementText, type NftTable } from "../../languages/nftables/ruleset.ts";
import { tableName } from "../../languages/nftables/stages.ts";
import { chainsNamed, setsNamed } from "../../languages/nftables/words.ts";
import { ownTables } from "../../programs/registry.ts";
import type { TextRule } from "./checked-host.ts";

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

/** Rules of kube-proxy that choose an endpoint by a number, and have too few numbers or too many. */
export const tableShares: TextRule = ({ ruleset }, sink) => {
  for (const table of ruleset.tables.filter(ownTables.isOwned)) {
    for (const { name, rules } of table.chains.values()) {
      for (const { text, file, line } of rules) {
        const [, generator = "", modulus = "", entries = ""] = choice.exec(text) ?? [];
        if (modulus === "") continue;
        const count = Number(modulus);
        const numbers = numbersIn(entries);
        const report = sink.reporter(createSubject("Chain", tableName(table), name));
        const missing = Array.from({ length: count }, (_, at) => at).filter((at) => !numbers.has(at));
        const unused = [...numbers].filter((number) => number >= count);
        if (missing.length > 0) {
          const share = `${Number(((missing.length / count) * 100).toPrecision(3))}%`;
          report("map-number-missing", placeIn(file, line), { share, generator, numbers: listOf(missing) });
        }
        if (unused.length > 0)
          report("map-number-unused", placeIn(file, line), { generator, numbers: listOf(unused), last: count - 1 });
      }
    }
  }
};

const choice = /\b((?:numgen (?:random|inc)|jhash [^{}]*|symhash) mod (\d+))\b[^{}]* v?map \{ (.*) \}/;

function numbersIn(entries: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [, from, to = from] of entries.matchAll(/(?:^|, )(\d+)(?:-(\d+))? :/g))
    for (let number = Number(from); number <= Number(to) && found.size < most; number += 1) found.add(number);
  return found;
}

/** Numbers of one rule that are looked at: a range may have more than a Service has endpoints. */
const most = 100_000;

function listOf(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 5).join(", ");
  return numbers.length > 5 ? `${shown} and ${numbers.length - 5} more` : shown;
}
