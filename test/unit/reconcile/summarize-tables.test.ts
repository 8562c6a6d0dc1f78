import { describe, expect, it } from "vitest";
import { diffTables } from "../../../src/languages/nftables/diff-tables.ts";
import { readRuleset } from "../../../src/languages/nftables/read-ruleset.ts";
import { tableName } from "../../../src/languages/nftables/stages.ts";
import { noteTable } from "../../../src/reconcile/summarize-changes.ts";

/** The tables of a text, by name. */
function tablesIn(text: string) {
  const { doc, problems } = readRuleset([{ file: "", text }]);
  expect(problems).toEqual([]);
  return new Map(doc.tables.map((table) => [tableName(table), table]));
}

/** What differs: whose it is, what it is, and the line. */
function notes(desired: string, live: string): readonly string[] {
  const found: string[] = [];
  for (const change of diffTables(tablesIn(desired), tablesIn(live)))
    noteTable(change, (service, what, sign, line) => found.push(`${sign} ${service}, ${what}: ${line}`));
  return found;
}

const table = (...lines: readonly string[]) => `table ip kube-proxy {\n${lines.join("\n")}\n}\n`;
const chain = (name: string, ...rules: readonly string[]) => `chain ${name} {\n${rules.join("\n")}\n}`;
const map = (name: string, ...elements: readonly string[]) =>
  `map ${name} {\ntype ipv4_addr : verdict\n${elements.length > 0 ? `elements = { ${elements.join(", ")} }` : ""}\n}`;
const service = "service-ULMVA6XW-shop/web/tcp/http";
const all = "shared base chains";

describe("differences of a table", () => {
  it.each([
    ["none", table(chain("a", "drop")), table(chain("a", "drop")), []],
    ["a table more", table(), "", [`+ ${all}, table: table ip kube-proxy`]],
    ["a table less", "", table(), [`- ${all}, table: table ip kube-proxy`]],
    ["a chain more", table(chain("a")), table(), [`+ ${all}, chain: chain ip kube-proxy a`]],
    ["an empty chain less", table(), table(chain("a")), []],
    [
      "a chain less",
      table(),
      table(chain("a", "drop")),
      [`- ${all}, chain: chain ip kube-proxy a`, `- ${all}, rule: rule ip kube-proxy a drop`],
    ],
    [
      "a chain of a Service more",
      table(chain(service, "drop")),
      table(),
      [
        `+ shop/web:http, chain: chain ip kube-proxy ${service}`,
        `+ shop/web:http, rule: rule ip kube-proxy ${service} drop`,
      ],
    ],
    [
      "another rule",
      table(chain("a", "accept")),
      table(chain("a", "drop")),
      [`- ${all}, rule: rule ip kube-proxy a drop`, `+ ${all}, rule: rule ip kube-proxy a accept`],
    ],
    [
      "rules in another order",
      table(chain("a", "ip daddr 10.0.0.1 drop", "accept")),
      table(chain("a", "accept", "ip daddr 10.0.0.1 drop")),
      [
        `- ${all}, rule order: chain ip kube-proxy a: the order of its rules`,
        `+ ${all}, rule order: chain ip kube-proxy a: the desired order`,
      ],
    ],
    ["a map more", table(map("m")), table(), [`+ ${all}, map: map ip kube-proxy m`]],
    ["a map less", table(), table(map("m")), [`- ${all}, map: map ip kube-proxy m`]],
    ["a set more", table("set s {\ntype ipv4_addr\n}"), table(), [`+ ${all}, set: set ip kube-proxy s`]],
    [
      "an element that leads to a Service",
      table(map("m", `10.0.0.1 : goto ${service}`), chain(service)),
      table(map("m"), chain(service)),
      [`+ shop/web:http, map element: element ip kube-proxy m { 10.0.0.1 : goto ${service} }`],
    ],
    [
      "an element that leads nowhere",
      table(map("m")),
      table(map("m", "10.0.0.1 : drop")),
      ["- a deleted Service, map element: element ip kube-proxy m { 10.0.0.1 : drop }"],
    ],
  ])("%s", (_case, desired, live, expected) => {
    expect(notes(desired, live)).toEqual(expected);
  });
});
