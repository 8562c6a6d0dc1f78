import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rulesetOfJson } from "../../../../src/languages/nftables/read-json.ts";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import type { Ruleset } from "../../../../src/languages/nftables/ruleset.ts";
import { readerFor } from "../../../../src/languages/nftables/to-datapath.ts";

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/nftables/${name}`, import.meta.url), "utf8");
const listed = readRuleset([{ file: "", text: fixture("host-firewall.listing") }]).doc;
const printed = rulesetOfJson(fixture("host-firewall.json"));

/** What rules do, without how they are spelled. */
function meaning({ tables }: Ruleset): unknown {
  return JSON.parse(
    JSON.stringify(
      tables.map((table) => ({
        ...table,
        chains: [...table.chains.values()].map(({ rules, ...chain }) => ({
          ...chain,
          rules: rules.map(({ text }) => {
            const { predicates, action } = readerFor(table).read({ text, number: 1 });
            return { predicates, action };
          }),
        })),
        sets: [...table.sets.values()],
      })),
      (key, value) => (["line", "text", "file", "others", "comment"].includes(key) ? undefined : value),
    ),
  );
}

test("the JSON of nft is the ruleset that its listing is", () => {
  expect(meaning(printed ?? { tables: [] })).toEqual(meaning(listed));
});

test.each(["", "[]", "{}", '{"nftables":5}', '{"nftables":[{"table":5},{"rule":{}},{"chain":{"family":"ip"}}]}', "{"])(
  "%j is no ruleset, or an empty one",
  (text) => expect(rulesetOfJson(text)?.tables ?? []).toEqual([]),
);
