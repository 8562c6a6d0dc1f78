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

const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const saddr = payload("ip", "saddr");
const mark = { meta: { key: "mark" } };
const match = (left: unknown, right: unknown, op = "==") => ({ match: { op, left, right } });

/** The text of a rule with this statement. */
function ruleOf(statement: unknown): string | undefined {
  const table = { family: "ip", table: "t" };
  const nftables = [
    { metainfo: { version: "1.0.6" } },
    { table: { family: "ip", name: "t" } },
    { chain: { ...table, name: "c" } },
    { rule: { ...table, chain: "c", expr: [statement] } },
  ];
  return rulesetOfJson(JSON.stringify({ nftables }))?.tables[0]?.chains.get("c")?.rules[0]?.text;
}

test.each<[string, unknown]>([
  ["accept", { accept: null }],
  ["drop", { drop: null }],
  ["return", { return: null }],
  ["continue", { continue: null }],
  ["notrack", { notrack: null }],
  ["jump c", { jump: { target: "c" } }],
  ["goto c", { goto: { target: "c" } }],
  ["ip saddr 10.0.0.1", match(saddr, "10.0.0.1")],
  ["ip saddr 10.0.0.1", match(saddr, "10.0.0.1", "in")],
  ...["!=", "<", ">", "<=", ">="].map((op): [string, unknown] => [
    `tcp dport ${op} 80`,
    match(payload("tcp", "dport"), 80, op),
  ]),
  ["ip saddr like 1", match(saddr, 1, "like")],
  ["ip saddr 10.0.0.0/8", match(saddr, { prefix: { addr: "10.0.0.0", len: 8 } })],
  ["meta mark != 0x00000010/28", match(mark, { prefix: { addr: 16, len: 28 } }, "!=")],
  ["tcp dport 80-90", match(payload("tcp", "dport"), { range: [80, 90] })],
  ["ip saddr { 10.0.0.1, 10.0.0.2 }", match(saddr, { set: ["10.0.0.1", "10.0.0.2"] })],
  [
    'ip saddr { 10.0.0.1 timeout 5s comment "x" }',
    match(saddr, { set: [{ elem: { val: "10.0.0.1", timeout: 5, comment: "x" } }] }),
  ],
  ["ip saddr . tcp dport @pairs", match({ concat: [saddr, payload("tcp", "dport")] }, "@pairs")],
  ["ct state established,related", match({ ct: { key: "state" } }, ["established", "related"])],
  ["ct original proto-dst 80", match({ ct: { key: "proto-dst", dir: "original" } }, 80)],
  ["meta mark & 16384 == 16384", match({ "&": [mark, 16384] }, 16384)],
  ["meta mark & 16384 != 0", match({ "&": [mark, 16384] }, 0, "!=")],
  ["tcp flags & (fin | syn) == (syn | ack)", match({ "&": [payload("tcp", "flags"), ["fin", "syn"]] }, ["syn", "ack"])],
  ["fib daddr type local", match({ fib: { result: "type", flags: "daddr" } }, "local")],
  ["fib saddr . iif oif 0", match({ fib: { result: "oif", flags: ["saddr", "iif"] } }, 0)],
  ["numgen random mod 3 0", match({ numgen: { mode: "random", mod: 3, offset: 0 } }, 0)],
  ["numgen inc mod 3 offset 1 0", match({ numgen: { mode: "inc", mod: 3, offset: 1 } }, 0)],
  ["jhash ip saddr mod 2 0", match({ jhash: { expr: saddr, mod: 2 } }, 0)],
  ["symhash mod 2 0", match({ symhash: { mod: 2 } }, 0)],
  ["ip saddr vmap @m", { vmap: { key: saddr, data: "@m" } }],
  [
    "ip saddr vmap { 10.0.0.1 : goto c }",
    { vmap: { key: saddr, data: { set: [["10.0.0.1", { goto: { target: "c" } }]] } } },
  ],
  ["meta mark set meta mark | 16384", { mangle: { key: mark, value: { "|": [mark, 16384] } } }],
  ["meta mark set meta mark & 1 ^ 2", { mangle: { key: mark, value: { "^": [{ "&": [mark, 1] }, 2] } } }],
  ["counter", { counter: { packets: 1, bytes: 2 } }],
  ['counter name "web"', { counter: "web" }],
  ["log", { log: null }],
  ['log prefix "a b"', { log: { prefix: "a b" } }],
  ["limit rate 10/second", { limit: { rate: 10, per: "second" } }],
  ["limit rate over 10/second", { limit: { rate: 10, per: "second", inv: true } }],
  ["reject", { reject: null }],
  ["reject with tcp reset", { reject: { type: "tcp reset" } }],
  ["reject with icmp port-unreachable", { reject: { type: "icmp", expr: "port-unreachable" } }],
  ["update @s { ip saddr }", { set: { op: "update", elem: { elem: { val: saddr, timeout: 5 } }, set: "@s" } }],
  ["add @s { ip saddr }", { set: { op: "add", elem: saddr, set: "@s" } }],
  ["dnat ip to 10.0.0.1", { dnat: { family: "ip", addr: "10.0.0.1" } }],
  ["dnat to 10.0.0.1:80", { dnat: { addr: "10.0.0.1", port: 80 } }],
  [
    "dnat ip6 to [fd00::1]:80-90 random",
    { dnat: { family: "ip6", addr: "fd00::1", port: { range: [80, 90] }, flags: "random" } },
  ],
  ["dnat to ip saddr map @m", { dnat: { addr: { map: { key: saddr, data: "@m" } } } }],
  ["snat to 192.0.2.1 random,persistent", { snat: { addr: "192.0.2.1", flags: ["random", "persistent"] } }],
  ["redirect to :81", { redirect: { port: 81 } }],
  ["masquerade", { masquerade: null }],
  ["masquerade fully-random", { masquerade: { family: "ip", flags: "fully-random" } }],
  ["10.0.0.1 . 80", { concat: ["10.0.0.1", 80] }],
  ["xt \"{'type':'target'}\"", { xt: { type: "target" } }],
  ["ip saddr \"{'odd':1}\"", match(saddr, { odd: 1 })],
])("a rule that says %s", (text, statement) => expect(ruleOf(statement)).toBe(text));

test("the fields of tables, chains and sets", () => {
  const of = (kind: string, value: object) => ({ [kind]: { family: "inet", table: "t", ...value } });
  const text = JSON.stringify({
    nftables: [
      of("chain", { name: "c", comment: "why" }),
      of("chain", { name: "d", type: "filter", hook: "ingress", prio: 5, policy: "drop", dev: "eth0" }),
      of("chain", { name: "e", type: "nat", hook: "input", prio: -100, policy: "accept" }),
      of("rule", { chain: "c", expr: [{ accept: null }], comment: "x" }),
      of("set", { name: "s", type: ["ipv4_addr", "inet_service"], flags: ["timeout"], timeout: 60, size: 10 }),
      of("set", { name: "u", type: "ipv4_addr", flags: "interval", size: 10, comment: "u", elem: ["10.0.0.1"] }),
      of("map", {
        name: "m",
        type: "mark",
        map: "ipv4_addr . inet_service",
        elem: [[5, { concat: ["10.0.0.1", 80] }]],
      }),
      { rule: { family: "inet", table: "t", chain: "none", expr: [] } },
      { table: { family: "other", name: "t" } },
    ],
  });
  const [table, ...more] = rulesetOfJson(text)?.tables ?? [];
  expect(more).toEqual([]);
  expect([...(table?.chains.values() ?? [])]).toMatchObject([
    { name: "c", comment: "why", base: undefined, rules: [{ text: 'accept comment "x"' }] },
    { name: "d", base: { type: "filter", hook: "ingress", priority: 5, policy: "drop", device: "eth0" } },
    { name: "e", base: { type: "nat", hook: "input", priority: -100, policy: "accept", device: undefined } },
  ]);
  expect([...(table?.sets.values() ?? [])]).toMatchObject([
    {
      name: "s",
      key: ["ipv4_addr", "inet_service"],
      value: undefined,
      flags: ["dynamic", "timeout"],
      timeout: 60,
      size: 10,
    },
    { name: "u", flags: ["interval"], comment: "u", elements: [{ key: "10.0.0.1", value: undefined }], others: [] },
    {
      name: "m",
      key: ["mark"],
      value: ["ipv4_addr", "inet_service"],
      elements: [{ key: "5", value: "10.0.0.1 . 80" }],
    },
  ]);
});
