import type { Feature, Step } from "../../ir/artifact.ts";
import type { HostLanguage } from "../language.ts";
import { rulesetOfJson } from "./read-json.ts";
import { readRuleset } from "./read-ruleset.ts";
import type { NftTable, Ruleset } from "./ruleset.ts";
import { depthOf, wordsOf } from "./words.ts";
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
    { name: "hostports.nft", heading: rulesetCommand, isSave: true },
  ],
  collect: [{ command: tablesCommand }, { command: rulesetCommand, isSave: true }],
  forms: [
    {
      printedBy: rulesetCommand,
      begins: (line) =>
        /^(?:(?:add|create|delete|flush) )?table (?:ip|ip6|inet|arp|bridge|netdev) \S+(?: \{.*)?$/.test(line),
      depthAfter: (line, depth) => (/[{}]/.test(line) ? depth + depthOf(wordsOf(line)) : depth),
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
  probes: tableFeatures,
  rules: "with-sets",
  parse: readRuleset,
  write: writeRuleset,
};

/** Nothing is needed to delete what is there. */
function tableFeatures(steps: readonly Step[]): readonly Feature[] {
  const makes = steps.some(({ argv, stdin }) => argv[0] === "nft" && /^(?:table|add) /m.test(stdin));
  return makes ? features : [];
}

/** What kube-proxy asks for at its start, and whether the kernel has nftables at all. */
const features: readonly Feature[] = [
  { name: "nft 1.0.1 or later", commands: [isNewer("set -- $(nft --version); v=$2", ["v0.*", "v1.0.0", "v1.0.0.*"])] },
  { name: "Linux 5.13 or later", commands: [isNewer("v=$(uname -r)", ["[0-4].*", "5.[0-9][.-]*", "5.1[0-2][.-]*"])] },
  { name: "nftables in the kernel", commands: ["nft add table ip portolan-probe"] },
];

/** A command of the shell that fails, and says the version, where it is one of these. */
function isNewer(read: string, older: readonly string[]): string {
  return `${read}; case $v in ${older.join("|")}) echo "this is $v"; false ;; esac`;
}

/** The tables in the output of `nft list tables`. */
export function nftTables(text: string): readonly Pick<NftTable, "family" | "name">[] {
  const heads = text.matchAll(/^table (ip|ip6|inet|arp|bridge|netdev) (\S+)$/gm);
  return [...heads].map(([, family, name = ""]) => ({ family: family as NftTable["family"], name }));
}
