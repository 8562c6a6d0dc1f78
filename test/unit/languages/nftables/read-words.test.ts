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

  it("what is no command is named", () => {
    expect(rulesOf("hello ip t c accept")).toEqual({ rules: [], problems: 1 });
  });
});
