import { readRuleset } from "../../src/languages/nftables/read-ruleset.ts";
import { writeRuleset } from "../../src/languages/nftables/write-ruleset.ts";
import type { Mutation } from "./traffic-mutations.ts";

/** One element or rule a line, as mutations need it. */
export function spreadTables(text: string): string {
  return writeRuleset(readRuleset([{ file: "", text }]).doc);
}

/** A line of a chain or of the elements of a set, with the name of its block and the table's. */
interface Line {
  readonly at: number;
  readonly block: string;
  readonly kind: "rule" | "element" | "base";
}

function linesIn(lines: readonly string[]): readonly Line[] {
  let [block, isIn] = ["", ""];
  return lines.flatMap((line, at): readonly Line[] => {
    const [, kind = "", name = ""] = /^\t(chain|set|map) (.*) \{$/.exec(line) ?? [];
    if (kind !== "") [block, isIn] = [name, kind];
    else if (line === "\t}") isIn = "";
    else if (line.startsWith("\t\ttype ") && isIn === "chain") return [{ at, block, kind: "base" }];
    else if (line.startsWith("\t\tcomment ")) return [];
    else if (isIn === "chain") return [{ at, block, kind: "rule" }];
    else if (isIn !== "" && line.startsWith("\t\t\t")) return [{ at, block, kind: "element" }];
    return [];
  });
}

/** Deletes, moves or changes a rule or element, flushes a chain or set, sets a policy or inserts a rule. */
export function mutateTables(text: string, random: () => number): Mutation | undefined {
  const lines = text.split("\n");
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const all = linesIn(lines);
  const { at, block, kind } = pick(all.filter((each) => each.kind !== "base"));
  const line = lines[at] ?? "";
  const ofBlock = all.filter((each) => each.block === block && each.kind === kind).map((each) => each.at);
  const result = (name: string, changed: readonly string[]): Mutation => ({
    name: `${name}: ${block}: ${line.trim()}`,
    text: changed.join("\n"),
  });
  switch (pick(["delete", "delete", "move", "change", "change", "flush", "policy", "insert"] as const)) {
    case "delete":
      return result("delete", lines.toSpliced(at, 1));
    case "move": {
      const first = ofBlock[0] ?? at;
      const to = first === at ? (ofBlock.at(-1) ?? at) : first;
      if (to === at || kind === "element") return undefined;
      return result("move", lines.toSpliced(at, 1).toSpliced(to, 0, line));
    }
    case "change": {
      const [from, into] = pick(changes);
      const changed = line.replace(from, into);
      // The kernel refuses a second element with one key.
      const key = changed.split(/ (?:comment|:) /)[0] ?? "";
      if (
        changed === line ||
        (kind === "element" && lines.some((each, index) => index !== at && each.startsWith(`${key} `)))
      )
        return undefined;
      return result(`change to ${changed.trim()}`, lines.with(at, changed));
    }
    case "flush":
      return result(
        "flush",
        lines.filter((_, index) => !ofBlock.includes(index)),
      );
    case "policy": {
      const index = pick(all.filter((each) => each.kind === "base")).at;
      return {
        name: `policy of ${lines[index]}`,
        text: lines.with(index, (lines[index] ?? "").replace("policy accept", "policy drop")).join("\n"),
      };
    }
    case "insert": {
      if (kind === "element") return undefined;
      const inserted = pick(insertions);
      return result(`insert ${inserted} before`, lines.toSpliced(at, 0, `\t\t${inserted}`));
    }
  }
}

const changes: readonly (readonly [RegExp, string])[] = [
  [/: goto \S+?(,?)$/, ": drop$1"],
  [/(dnat to |: )10\./, "$19."],
  [/0x00004000/, "0x00008000"],
  [/mod 2/, "mod 3"],
  [/mod 3/, "mod 2"],
  [/(?:jump|goto) [^\s,]+(,?)$/, "return$1"],
  [/ accept$/, " drop"],
  [/saddr != 10\./, "saddr != 11."],
  [/masquerade fully-random$/, "accept"],
  [/ct state new/, "ct state established"],
  [/tcp \. /, "udp . "],
  [/fib (\w+) type local/, "fib $1 type broadcast"],
  [/reject.*$/, "accept"],
  [/ drop$/, " accept"],
];

const insertions = [
  "accept",
  "drop",
  "ip saddr 10.201.0.0/16 accept",
  "return",
  "meta l4proto udp drop",
  "meta mark set 0x00000001",
];
