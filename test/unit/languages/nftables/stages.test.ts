import { describe, expect, it } from "vitest";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import { elementText, isOfIptables } from "../../../../src/languages/nftables/ruleset.ts";
import { chainsOfTables, setsOfTables, stagesOfTables } from "../../../../src/languages/nftables/stages.ts";

const read = (text: string) => readRuleset([{ file: "a.nft", text }]).doc;

describe("the base chains of a table", () => {
  it.each([
    [
      "ip",
      "type nat hook prerouting priority dstnat",
      [{ family: "ip", hook: "prerouting", priority: -100, type: "nat" }],
    ],
    ["ip6", "type filter hook input priority 0", [{ family: "ip6", hook: "input", priority: 0, type: "filter" }]],
    [
      "inet",
      "type route hook output priority mangle",
      [{ family: "inet", hook: "output", priority: -150, type: "route" }],
    ],
    ["inet", "type filter hook forward priority 7", [{ family: "inet", hook: "forward", priority: 7, type: "filter" }]],
    [
      "ip",
      "type nat hook postrouting priority srcnat",
      [{ family: "ip", hook: "postrouting", priority: 100, type: "nat" }],
    ],
    ["inet", "type filter hook ingress priority 0", []],
    ["ip", "type other hook input priority 0", []],
    ["ip", "type filter hook input priority other", []],
    ["netdev", "type filter hook prerouting priority 0", []],
    ["bridge", "type filter hook input priority 0", []],
    ["arp", "type filter hook input priority 0", []],
  ])("of family %s: %s", (family, declaration, stages) => {
    const text = `table ${family} t {\nchain none {\n}\nchain c {\n${declaration}; policy accept;\n}\n}\n`;
    const entry = { table: `${family} t`, chain: "c" };
    expect(stagesOfTables(read(text))).toEqual(stages.map((stage) => ({ ...stage, entry })));
  });
});

const sets = `
set plain {\ntype ipv4_addr\nelements = { 10.0.0.2, 10.0.0.1 timeout 60s comment "x" }\n}
set filled {\ntype ipv4_addr\nflags dynamic\nelements = { 10.0.0.3 }\n}
map m {\ntype ipv4_addr : verdict\nelements = { 10.0.0.1 : drop }\n}
`;

describe("what packets of a family meet", () => {
  const doc = read(
    ["ip", "ip6", "inet", "arp"].map((family) => `table ${family} t {\n${sets}\nchain c {\naccept\n}\n}\n`).join(""),
  );

  it.each([
    ["ipv4", ["ip t", "inet t"]],
    ["ipv6", ["ip6 t", "inet t"]],
  ] as const)("%s", (family, names) => {
    expect([...chainsOfTables(doc, family).keys()]).toEqual(names);
    expect([...setsOfTables(doc, family).keys()]).toEqual(names);
  });

  it("the elements of sets, in order; of a set that rules fill none", () => {
    expect([...(setsOfTables(doc, "ipv4").get("ip t") ?? [])]).toEqual([
      ["plain", ['10.0.0.1 timeout 60s comment "x"', "10.0.0.2"]],
      ["filled", []],
      ["m", ["10.0.0.1 : drop"]],
    ]);
  });

  it("the lines of a chain, with the files that it is in", () => {
    const block = (rule: string) => `table ip t {\nchain c {\n${rule}\n}\nchain none {\n}\n}\n`;
    const of = (...parts: readonly (readonly [string, string])[]) => {
      const tables = readRuleset(parts.map(([file, rule]) => ({ file, text: block(rule) }))).doc;
      const loaded = chainsOfTables(tables, "ipv4");
      expect(chainsOfTables(tables, "ipv4").get("ip t")).toBe(loaded.get("ip t"));
      return [...(loaded.get("ip t")?.values() ?? [])].map(({ lines, numbers, files }) => ({ lines, numbers, files }));
    };
    const none = { lines: [], numbers: [], files: ["a"] };
    expect(of(["a", "drop\naccept"])).toEqual([{ lines: ["drop", "accept"], numbers: [3, 4], files: ["a"] }, none]);
    expect(of(["a", "drop"], ["b", "accept"])).toEqual([
      { lines: ["drop", "accept"], numbers: [3, 3], files: ["a", "b"] },
      none,
    ]);
  });
});

const chain = (name: string, base = "") => `chain ${name} {\n${base}\n}`;
const input = "type filter hook input priority 0; policy accept;";

describe("a table that iptables-nft keeps", () => {
  it.each([
    ["ip filter", chain("INPUT", input), true],
    ["ip6 nat", chain("INPUT", input) + chain("KUBE-SERVICES"), true],
    ["ip raw", "", true],
    ["ip mangle", "", true],
    ["ip security", "", true],
    ["ip filter", chain("input", input), false],
    ["ip filter", chain("INPUT", input) + chain("OUTPUT", input), false],
    ["inet filter", chain("INPUT", input), false],
    ["ip kube-proxy", chain("INPUT", input), false],
  ])("%s, of %j: %s", (name, body, isOurs) => {
    const [table] = read(`table ${name} {\n${body}\n}\n`.replaceAll("}chain", "}\nchain")).tables;
    expect(table && isOfIptables(table)).toBe(isOurs);
  });
});

it.each([
  [{ key: "10.0.0.1" }, "10.0.0.1"],
  [{ key: "80", value: "drop" }, "80 : drop"],
  [{ key: "80", timeout: 5, comment: "x", value: "goto c" }, '80 timeout 5s comment "x" : goto c'],
])("the element %j is %s", (element, text) => {
  expect(elementText({ line: 1, value: undefined, comment: undefined, timeout: undefined, ...element })).toBe(text);
});
