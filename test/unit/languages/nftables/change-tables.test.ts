import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planTables } from "../../../../src/languages/nftables/change-tables.ts";
import { diffTables, withoutCommentChanges } from "../../../../src/languages/nftables/diff-tables.ts";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import { tableName } from "../../../../src/languages/nftables/stages.ts";
import { SimulatedTables } from "../../../harness/simulated-nft.ts";

/** A table with these blocks in it. */
function table(...blocks: readonly string[]): string {
  return `table ip t {\n${blocks.join("\n")}\n}\n`;
}

function tablesOf(text: string) {
  const { doc, problems } = readRuleset([{ file: "t", text }]);
  expect(problems).toEqual([]);
  return new Map(doc.tables.map((one) => [tableName(one), one]));
}

function stepsBetween(from: string, to: string) {
  const { make, remove } = planTables(diffTables(tablesOf(to), tablesOf(from)));
  return [...make, ...remove];
}

const base = "chain in { type filter hook input priority 0; policy accept; }";
const set = (name: string, body: string) => `set ${name} { ${body}; }`;

describe("the change of a table", () => {
  test.each([
    [
      "the same in another spelling",
      table("chain a {\nip daddr 10.0.0.1/32 drop\n}"),
      table("chain a {\nip daddr 10.0.0.1 drop\n}"),
    ],
    [
      "elements in another order",
      table("set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 }; }"),
      table("set s { type ipv4_addr; elements = { 10.0.0.2, 10.0.0.1 }; }"),
    ],
    ["an empty chain that nothing wants", table(base, "chain service-x/y { }"), table(base)],
    [
      "elements that rules have added",
      table(set("s", "type ipv4_addr; flags dynamic,timeout; timeout 1h; elements = { 10.0.0.1 expires 5m }")),
      table(set("s", "type ipv4_addr; flags dynamic,timeout; timeout 3600s")),
    ],
    ["a comment of a chain", table('chain a { comment "x"; }'), table("chain a { }")],
    [
      "the name of a priority",
      table("chain in { type nat hook prerouting priority dstnat; policy accept; }"),
      table("chain in { type nat hook prerouting priority -100; policy accept; }"),
    ],
  ])("%s is none", (_, from, to) => {
    expect(stepsBetween(from, to)).toEqual([]);
  });

  test.each([
    [
      "a rule",
      table("chain a {\ndrop\n}", base),
      table("chain a {\naccept\n}", base),
      ["flush chain ip t a", "add rule ip t a accept"],
    ],
    [
      "an element of a map",
      table("map m { type ipv4_addr : verdict; elements = { 10.0.0.1 : drop }; }"),
      table("map m { type ipv4_addr : verdict; elements = { 10.0.0.1 : accept }; }"),
      ["delete element ip t m { 10.0.0.1 }", "add element ip t m { 10.0.0.1 : accept }"],
    ],
    [
      "a set of another type, and the rule that uses it",
      table(set("s", "type ipv4_addr"), "chain a {\nip saddr @s drop\n}"),
      table(set("s", "type ipv4_addr; flags interval"), "chain a {\nip saddr @s drop\n}"),
      [
        "flush chain ip t a",
        "delete set ip t s",
        "add set ip t s { type ipv4_addr; flags interval; }",
        "add rule ip t a ip saddr @s drop",
      ],
    ],
    [
      "a new base chain",
      table("chain a { }"),
      table("chain a { }", base),
      ["add chain ip t in { type filter hook input priority 0; policy accept; }"],
    ],
  ])("%s", (_, from, to, lines) => {
    expect(stepsBetween(from, to).map(({ stdin }) => stdin)).toEqual([`${lines.join("\n")}\n`]);
  });

  test.each([
    [
      "a new table",
      "",
      table(),
      "make table ip t in one transaction",
      /^add table ip t\ndelete table ip t\ntable ip t \{/,
    ],
    ["a table less", table(base), "", "delete table ip t", /^delete table ip t\n$/],
    [
      "a rule",
      table("chain a { drop; }"),
      table("chain a { accept; }"),
      "change table ip t in one transaction",
      /^flush/,
    ],
  ])("%s: one step, which says what it does", (_, from, to, ...[purpose, stdin]) => {
    expect(stepsBetween(from, to)).toEqual([
      { purpose, argv: ["nft", "-f", "-"], stdin: expect.stringMatching(stdin) as unknown },
    ]);
  });

  test("what nothing leads to any more is emptied first, and deleted in a step that may fail", () => {
    const steps = stepsBetween(table("chain a {\njump b\n}", "chain b {\ndrop\n}"), table("chain a { }"));
    expect(steps).toMatchObject([
      { argv: ["nft", "-f", "-"], stdin: "flush chain ip t a\nflush chain ip t b\n" },
      { purpose: "delete empty chains of table ip t", stdin: "delete chain ip t b\n", mayFail: true },
    ]);
  });

  test.each([
    ["at another hook", "chain in { type filter hook forward priority 0; policy accept; }"],
    ["of another policy", "chain in { type filter hook input priority 0; policy drop; }"],
    ["that is a base chain no more", "chain in { }"],
  ])("a table with a base chain %s is made anew, and keeps its clients", (_, other) => {
    const clients = set("s", "type ipv4_addr; flags dynamic,timeout; timeout 1h");
    const known = clients.replace("1h", "1h; elements = { 192.0.2.7 expires 5m }");
    const [step, ...more] = stepsBetween(table(known, other), table(clients, base));
    expect(more).toEqual([]);
    expect(step?.stdin).toMatch(/^add table ip t\ndelete table ip t\ntable ip t \{\n/);
    expect(step?.stdin).toContain("192.0.2.7");
  });

  test("any table becomes any other in steps that the kernel takes, and then nothing differs", () => {
    const names = ["a", "b", "c"] as const;
    const rule = fc.oneof(
      fc.constantFrom("drop", "accept", "ip daddr @s drop", "ip daddr vmap @m", "ip saddr 10.0.0.0/8 accept"),
      fc.constantFrom("d", "e").map((name) => `jump ${name}`),
    );
    const chain = fc.array(rule, { maxLength: 3 });
    const element = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3");
    const verdict = fc.constantFrom("drop", "goto d", "goto e");
    const shape = fc.record({
      chains: fc
        .subarray([...names])
        .chain((some) => fc.tuple(...some.map((name) => chain.map((rules) => [name, rules] as const)))),
      flags: fc.constantFrom("", "; flags interval"),
      elements: fc.uniqueArray(element),
      map: fc.uniqueArray(fc.tuple(element, verdict), { selector: ([key]) => key }),
    });
    const textOf = ({ chains, flags, elements, map }: typeof shape extends fc.Arbitrary<infer S> ? S : never) => {
      const inner = (list: readonly string[]) => (list.length === 0 ? "" : `; elements = { ${list.join(", ")} }`);
      const block = (name: string, rules: readonly string[]) => `chain ${name} {\n${rules.join("\n")}\n}`;
      const used = JSON.stringify([chains, map]);
      const leaves = ["d", "e"].filter((name) => used.includes(`jump ${name}`) || used.includes(`goto ${name}`));
      return table(
        set("s", `type ipv4_addr${flags}${inner(elements)}`),
        `map m { type ipv4_addr : verdict${inner(map.map(([key, value]) => `${key} : ${value}`))}; }`,
        ...chains.map(([name, rules]) => block(name, rules)),
        ...leaves.map((name) => block(name, ["counter"])),
      );
    };
    fc.assert(
      fc.property(shape, shape, (from, to) => {
        const host = new SimulatedTables();
        for (const wanted of [textOf(from), textOf(to)]) {
          for (const { stdin } of stepsBetween(host.list(), wanted)) host.run(stdin);
          expect(stepsBetween(host.list(), wanted)).toEqual([]);
        }
        const direct = new SimulatedTables();
        for (const { stdin } of stepsBetween("", textOf(to))) direct.run(stdin);
        expect([...tablesOf(host.list()).keys()]).toEqual([...tablesOf(direct.list()).keys()]);
      }),
    );
  });
});

describe("a change without what only comments say differently", () => {
  const changeOf = (from: string, to: string) =>
    diffTables(tablesOf(to), tablesOf(from)).map((change) => withoutCommentChanges(change));
  const map = (element: string) => table(`map a { type ipv4_addr : verdict; elements = { ${element} } }`);

  test.each([
    ["of a rule", table('chain a {\naccept comment "x"\n}'), table("chain a {\naccept\n}")],
    ["of an element", map('10.0.0.1 comment "x" : drop'), map('10.0.0.1 comment "y" : drop')],
  ])("is none: %s", (_, from, to) => {
    expect(changeOf(from, to)).toEqual([undefined]);
  });

  test.each([
    ["of a rule", table('chain a {\naccept comment "x"\n}'), table('chain a {\ndrop comment "y"\n}')],
    ["of an element", map('10.0.0.1 comment "x" : drop'), map('10.0.0.1 comment "y" : accept')],
  ])("keeps another difference: %s", (_, from, to) => {
    expect(changeOf(from, to)).toEqual(diffTables(tablesOf(to), tablesOf(from)));
  });
});
