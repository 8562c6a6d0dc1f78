import { describe, expect, it } from "vitest";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";

const tableOf = (body: string) => readRuleset([{ file: "r.nft", text: `table ip t {\n${body}\n}\n` }]).doc.tables[0];

describe("the priority of a base chain", () => {
  const priorityOf = (words: string) =>
    tableOf(`chain c {\ntype nat hook prerouting priority ${words}; policy accept;\n}`)?.chains.get("c")?.base
      ?.priority;

  it.each([
    ["raw", -300],
    ["mangle", -150],
    ["dstnat", -100],
    ["filter", 0],
    ["security", 50],
    ["srcnat", 100],
    ["-110", -110],
    ["7", 7],
    ["dstnat - 10", -110],
    ["dstnat-10", -110],
    ["srcnat + 5", 105],
    ["-100 - 5", -105],
  ])("%s is %d", (words, priority) => expect(priorityOf(words)).toBe(priority));

  it.each(["nothing", "dstnat - 10x", "dstnat - ", "filter - x"])("%s is none", (words) =>
    expect(priorityOf(words)).toBeUndefined(),
  );
});

describe("an element", () => {
  const elementsOf = (text: string) =>
    tableOf(`map m {\ntype ipv4_addr . inet_proto : verdict\nelements = { ${text} }\n}`)?.sets.get("m")?.elements;

  it.each([
    ["10.0.0.1 . tcp : accept", { key: "10.0.0.1 . tcp", value: "accept" }],
    ["10.0.0.1 . tcp timeout 1h30m : drop", { key: "10.0.0.1 . tcp", value: "drop", timeout: 5400 }],
    [
      '10.0.0.1 . udp comment "shop/web:http" : goto c',
      { key: "10.0.0.1 . udp", comment: "shop/web:http", value: "goto c" },
    ],
    [
      '10.0.0.1 . tcp timeout 10s expires 3s counter packets 1 bytes 60 comment "x" : goto c',
      { key: "10.0.0.1 . tcp", timeout: 10, comment: "x", value: "goto c" },
    ],
    [
      "10.0.0.1 . tcp counter packets 0 bytes 0 : accept",
      { key: "10.0.0.1 . tcp", timeout: undefined, value: "accept" },
    ],
  ])("%s", (text, expected) => expect(elementsOf(text)).toEqual([expect.objectContaining(expected)]));
});

describe("commands", () => {
  const rulesOf = (...commands: readonly string[]) => {
    const text = ["add table ip t", "add chain ip t c", ...commands, ""].join("\n");
    const { doc, problems } = readRuleset([{ file: "r.nft", text }]);
    return { rules: doc.tables[0]?.chains.get("c")?.rules.map((rule) => rule.text), problems: problems.length };
  };

  it("add behind, and insert before, what a chain has", () => {
    expect(rulesOf("add rule ip t c accept", "insert rule ip t c drop", "add rule ip t c return")).toEqual({
      rules: ["drop", "accept", "return"],
      problems: 0,
    });
  });

  it.each(["delete", "destroy", "flush", "list"])("%s says nothing about what a host has", (verb) => {
    expect(rulesOf(`${verb} rule ip t c accept`)).toEqual({ rules: [], problems: 0 });
  });

  it.each(["hello ip t c accept", "add", "add rule", "add rule ip t", "insert rule t", "add element ip t s"])(
    "%s is no command, and is named",
    (line) => expect(rulesOf(line)).toEqual({ rules: [], problems: 1 }),
  );

  it.each([
    ["rule ip t c position 5 accept", "accept"],
    ["rule ip t c handle 5 accept", "accept"],
    ["rule ip t c index 5 accept", "accept"],
    ["rule ip t c indexes 5 accept", "indexes 5 accept"],
    ["rule ip t c reindex 5 accept", "reindex 5 accept"],
    ["rule t c accept", "accept"],
    ["rule ip t c counter packets 12 bytes 345 accept", "counter accept"],
    ["rule ip t c encounter packets 12 bytes 345", "encounter packets 12 bytes 345"],
  ])("add %s adds %s", (line, rule) => expect(rulesOf(`add ${line}`)).toEqual({ rules: [rule], problems: 0 }));
});

/** Tables with their parts, without lines of the text. */
function read(...lines: readonly string[]) {
  const { doc, problems } = readRuleset([{ file: "r.nft", text: `${lines.join("\n")}\n` }]);
  const tables = doc.tables.map(({ family, name, comment, flags, chains, sets }) => ({
    head: [family, name, comment, flags.join()],
    chains: [...chains.values()].map((chain) => [
      chain.name,
      chain.comment,
      chain.base,
      chain.rules.map(({ text }) => text),
    ]),
    sets: [...sets.values()].map((set) => [
      set.name,
      set.comment,
      set.elements.map(({ line, key }) => `${line} ${key}`),
    ]),
  }));
  return { tables, problems: problems.map(({ line, message }) => `${line}: ${message}`) };
}

describe("a table", () => {
  it.each(["table ip t", "add table ip t", "create table t", 'table ip "t" {\n}', "table t {\n}"])(
    "%j is one",
    (text) =>
      expect(read(text)).toEqual({
        tables: [{ head: ["ip", "t", undefined, ""], chains: [], sets: [] }],
        problems: [],
      }),
  );

  it.each([
    "delete table ip t",
    "destroy table ip t",
    "flush table ip t",
    "list table ip t",
    "add table ip",
    "table {",
    "table",
  ])("%j is none", (text) => expect(read(text)).toEqual({ tables: [], problems: [] }));

  it("has a comment, flags, and blocks that move no packet by themselves", () => {
    const counter = ["counter c {", "packets 1 bytes 2", "}"];
    const lines = [
      "table inet t {",
      'comment "of mine"',
      "flags dormant,owner",
      ...counter,
      "hello",
      "chain c {",
      "}",
      "}",
    ];
    expect(read(...lines)).toEqual({
      tables: [
        { head: ["inet", "t", "of mine", "dormant,owner"], chains: [["c", undefined, undefined, []]], sets: [] },
      ],
      problems: ["7: is not a line that nft prints: hello"],
    });
  });

  it("is of all blocks that have its name", () => {
    const set = (element: string) => ["set s {", "type ipv4_addr", `elements = { ${element} }`, "}"];
    const lines = ["table ip t {", ...set("10.0.0.1"), "}", "table ip t {", ...set("10.0.0.2"), "}"];
    expect(read(...lines, "add element ip t s { 10.0.0.3 }")).toMatchObject({
      tables: [{ sets: [["s", undefined, ["4 10.0.0.1", "10 10.0.0.2", "13 10.0.0.3"]]] }],
      problems: [],
    });
  });

  it("has chains with a base, a policy and a comment", () => {
    const base = { type: "filter", hook: "ingress", priority: 0, policy: "drop", device: "eth0" };
    const head = 'type filter hook ingress device "eth0" priority filter; policy drop;';
    expect(read("table netdev t {", "chain c {", 'comment "why"', head, "policy", "}", "}")).toMatchObject({
      tables: [{ chains: [["c", "why", base, ["policy"]]] }],
    });
    expect(read("table ip t {", "chain c {", "policy drop", "}", "}")).toMatchObject({
      tables: [{ chains: [["c", undefined, undefined, []]] }],
    });
    expect(read("table ip t {", "chain c {", "type nat hook input first", "}", "}")).toMatchObject({
      tables: [{ chains: [["c", undefined, { priority: undefined, policy: "accept" }, []]] }],
    });
  });
});
