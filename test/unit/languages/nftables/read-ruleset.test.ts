import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import type { NftTable } from "../../../../src/languages/nftables/ruleset.ts";
import { writeRuleset } from "../../../../src/languages/nftables/write-ruleset.ts";

const listing = readFileSync(new URL("../../../fixtures/nftables/host-firewall.listing", import.meta.url), "utf8");

function read(text: string): { readonly tables: readonly NftTable[]; readonly problems: readonly string[] } {
  const { doc, problems } = readRuleset([{ file: "r.nft", text }]);
  return { tables: doc.tables, problems: problems.map(({ line, message }) => `${line}: ${message}`) };
}

describe("a listing of the kernel, with handles and counters", () => {
  const { tables, problems } = read(listing);
  const [firewall] = tables;

  test("is read whole", () => {
    expect(problems).toEqual([]);
    expect(tables.map(({ family, name, line }) => [family, name, line])).toEqual([
      ["inet", "firewall", 1],
      ["netdev", "edge", 82],
    ]);
    expect([...(firewall?.chains.keys() ?? [])]).toEqual(["dns", "input", "pre", "post", "raw"]);
  });

  test.each([
    ["blocked", { key: ["ipv4_addr"], flags: ["interval"], others: ["auto-merge"] }],
    ["seen", { flags: ["dynamic", "timeout"], timeout: 5400, size: 65_535 }],
    ["pairs", { key: ["ipv4_addr", "inet_service"] }],
    ["ports", { key: ["inet_proto", "inet_service"], value: ["verdict"] }],
    ["targets", { value: ["ipv4_addr", "inet_service"] }],
  ])("has set %s", (name, expected) => expect(firewall?.sets.get(name)).toMatchObject(expected));

  test("knows the line of each element, and its comment", () => {
    expect(firewall?.sets.get("blocked")?.elements.map(({ line, key }) => [line, key])).toEqual([
      [11, "192.0.2.0/24"],
      [11, "198.51.100.7"],
      [12, "203.0.113.10-203.0.113.20"],
    ]);
    expect(firewall?.sets.get("pairs")?.elements[1]).toMatchObject({ key: "10.0.0.2 . 443", comment: "web, two" });
    expect(firewall?.sets.get("ports")?.elements[1]).toMatchObject({ key: "udp . 53", value: "jump dns", line: 31 });
  });

  test.each([
    ["input", { type: "filter", hook: "input", priority: -5, policy: "drop" }],
    ["pre", { type: "nat", hook: "prerouting", priority: -100, policy: "accept" }],
    ["post", { priority: 100 }],
    ["raw", { priority: -300 }],
  ])("has base chain %s", (name, expected) => expect(firewall?.chains.get(name)?.base).toMatchObject(expected));

  test("has rules without handle and counts, each with its line", () => {
    expect(firewall?.chains.get("dns")?.rules).toEqual([
      { text: 'counter accept comment "DNS; of all"', file: "r.nft", line: 40 },
    ]);
    expect(firewall?.chains.get("input")?.rules[2]?.text).toBe("ip saddr @blocked counter drop");
  });

  test("is the same after it was written and read again", () => {
    const written = writeRuleset({ tables });
    expect(withoutLines(read(written))).toEqual(withoutLines({ tables, problems: [] }));
    expect(writeRuleset(readRuleset([{ file: "r.nft", text: written }]).doc)).toBe(written);
  });
});

describe("a script", () => {
  test.each([
    [
      "blocks and braces on one line",
      "table ip t { chain c { type nat hook output priority -100; accept; }; }",
      ["accept"],
    ],
    [
      "rules one by one",
      "add table ip t\nadd chain ip t c { type nat hook output priority -100; }\nadd rule ip t c accept\n",
      ["accept"],
    ],
    ["rules before others", "table ip t {\nchain c {\ndrop\n}\n}\ninsert rule ip t c accept\n", ["accept", "drop"]],
    [
      "two blocks of one table",
      "table t {\nchain c {\naccept\n}\n}\ntable ip t {\nchain c {\ndrop\n}\n}\n",
      ["accept", "drop"],
    ],
    ["its own beginning", "add table ip t\ndelete table ip t\ntable ip t {\nchain c {\naccept\n}\n}\n", ["accept"]],
    [
      "a set over several lines",
      "table ip t {\nchain c {\ntcp dport {\n80,\n443\n} accept\n}\n}\n",
      ["tcp dport { 80, 443 } accept"],
    ],
  ])("with %s", (_what, text, rules) => {
    const { tables, problems } = read(text);
    expect(problems).toEqual([]);
    expect(tables[0]?.chains.get("c")?.rules.map((rule) => rule.text)).toEqual(rules);
  });
});

test.each([
  ["something else", "hello\n", ["1: is not a line that nft prints: hello"]],
  [
    "a table that is cut short",
    "table ip t {\n\tchain c {\n\t\taccept\n",
    ["3: the text ends within c", "1: the text ends within t"],
  ],
  [
    "elements that are cut short",
    "table ip t {\nset s {\nelements = { 1,\n2,\n",
    ["3: the text ends before the brace that this line opens is closed"],
  ],
])("%s is a problem with its line", (_what, text, expected) => {
  expect(read(text).problems).toEqual(
    expect.arrayContaining(expected.slice(0, 1).map((one) => expect.stringContaining(one.slice(3)))),
  );
});

test("any text is read without an exception", () => {
  const words = [
    "table",
    "ip",
    "t",
    "{",
    "}",
    "chain",
    "set",
    "map",
    "elements",
    "=",
    ",",
    ":",
    ".",
    '"',
    ";",
    "\n",
    "add",
    "rule",
    "type",
    "#",
    "@s",
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 })), { maxLength: 60 });
  fc.assert(
    fc.property(text, (parts) => {
      expect(read(parts.join(" ")).tables).toBeDefined();
    }),
    { numRuns: 1000, seed: 16 },
  );
});

function withoutLines(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each) =>
      key === "line" ? undefined : each instanceof Map ? Object.fromEntries(each) : each,
    ),
  );
}
