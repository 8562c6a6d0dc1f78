import type { TextPart } from "../../ir/artifact.ts";
import type { HostLanguage } from "../language.ts";
import { rulesetOfJson } from "./read-json.ts";
import { readRuleset } from "./read-ruleset.ts";
import type { Ruleset } from "./ruleset.ts";
import { writeRuleset } from "./write-ruleset.ts";

/** The names of all tables: how one sees that a text with rules is missing. */
export const tablesCommand = "nft list tables";

export const rulesetCommand = "nft list ruleset";

/** `nft list ruleset`, `nft list table`, and scripts for `nft -f`. */
export const nftables: HostLanguage<Ruleset> = {
  id: "nftables",
  files: [
    { name: "nftables.ip.nft", family: "ipv4", heading: rulesetCommand, isSave: true },
    { name: "nftables.ip6.nft", family: "ipv6", heading: rulesetCommand, isSave: true },
  ],
  collect: [{ command: tablesCommand }, { command: rulesetCommand, isSave: true }],
  forms: [
    {
      printedBy: rulesetCommand,
      begins: (line) =>
        /^(?:(?:add|create|delete|flush) )?table (?:ip|ip6|inet|arp|bridge|netdev) \S+(?: \{.*)?$/.test(line),
      depthAfter: (line, depth) => depth + countOf(line, "{") - countOf(line, "}"),
      isNested: true,
    },
    {
      printedBy: "nft -j list ruleset",
      begins: (line) => line.startsWith('{"nftables":'),
      toSave: (lines) => {
        const ruleset = rulesetOfJson(lines.join("\n"));
        return ruleset === undefined ? lines : writeRuleset(ruleset).split("\n");
      },
      caveat: () => "lines of nft -j are counted as nft list ruleset would print them",
    },
  ],
  parse: (parts: readonly TextPart[]) => readRuleset(parts),
  write: writeRuleset,
};

/** Outside of strings. */
function countOf(line: string, brace: "{" | "}"): number {
  const bare = line.includes('"') ? line.replace(/"(?:[^"\\]|\\.)*"/g, "") : line;
  return bare.split(brace).length - 1;
}

/** The tables in the output of `nft list tables`, or the heads of those of a ruleset. */
export function nftTables(text: string): readonly { readonly family: string; readonly name: string }[] {
  return [...text.matchAll(/^table (\S+) (\S+)$/gm)].map(([, family = "", name = ""]) => ({ family, name }));
}
