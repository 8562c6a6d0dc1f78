import { describe, expect, it } from "vitest";
import { parseRule } from "../../../../src/languages/nftables/parse-rule.ts";

const statementsOf = (text: string) => parseRule(text)?.statements;
const first = (text: string) => statementsOf(text)?.[0];

describe("a statement without effect on its own", () => {
  it.each([
    ["counter", "goes-on"],
    ["counter packets 1 bytes 60", "goes-on"],
    ['counter name "web"', "goes-on"],
    ["last", "goes-on"],
    ["last used never", "goes-on"],
    ["log", "goes-on"],
    ['log prefix "a b" level debug', "goes-on"],
    ["log group 2 snaplen 10 queue-threshold 5", "goes-on"],
    ["log flags all", "goes-on"],
    ["flow add @f", "goes-on"],
    ["limit rate 10/second", "depends"],
    ["limit rate over 10/second burst 5 packets", "depends"],
    ["limit rate 1 mbytes/second burst 5 kbytes", "depends"],
    ["limit rate over 1 mbytes/second", "depends"],
    ['limit name "slow"', "depends"],
    ["quota 5 mbytes", "depends"],
    ["quota over 5 mbytes", "depends"],
    ["quota until 5 mbytes used 3 kbytes", "depends"],
    ['quota name "much"', "depends"],
    ["ct count 5", "depends"],
    ["ct count over 5", "depends"],
    ["notrack", "no-track"],
    ['xt target "MASQUERADE"', "may-end"],
  ])("%s: %s, and another may follow", (text, effect) => {
    expect(statementsOf(`${text} accept`)).toEqual([
      { kind: "other", effect, text },
      { kind: "verdict", verdict: { kind: "accept" }, text: "accept" },
    ]);
  });

  it.each([
    ["queue num 1 bypass", "ends"],
    ["queue flags bypass to 1-3", "ends"],
    ["tproxy ip to 127.0.0.1:15001", "ends"],
    ["synproxy mss 1460 wscale 7", "ends"],
    ["fwd to eth0", "ends"],
    ["dup to 10.0.0.1 device eth0", "goes-on"],
  ])("%s: %s, and only a comment may follow", (text, effect) => {
    expect(parseRule(text)).toEqual({ statements: [{ kind: "other", effect, text }], comment: undefined });
    expect(parseRule(`tcp dport 80 ${text} comment "why"`)).toMatchObject({
      statements: [{ kind: "match" }, { kind: "other", effect, text }],
      comment: "why",
    });
  });
});

describe("a verdict", () => {
  it.each([
    ["accept", { kind: "accept" }],
    ["drop", { kind: "drop" }],
    ["return", { kind: "return" }],
    ["continue", { kind: "continue" }],
    ["jump c", { kind: "jump", chain: "c" }],
    ['goto "c d"', { kind: "goto", chain: "c d" }],
    ["reject", { kind: "reject", with: undefined }],
    ["reject with tcp reset", { kind: "reject", with: "tcp reset" }],
    ["reject with icmp type port-unreachable", { kind: "reject", with: "icmp type port-unreachable" }],
  ])("%s", (text, verdict) => {
    expect(parseRule(`${text} comment "why"`)).toEqual({
      statements: [{ kind: "verdict", verdict, text }],
      comment: "why",
    });
  });
});

describe("a field", () => {
  it.each([
    "meta mark",
    "mark",
    "iifname",
    "ip saddr",
    "ip6 nexthdr",
    "tcp dport",
    "th sport",
    "tcp option maxseg size",
    "@th,16,16",
    "ct state",
    "ct ip saddr",
    "ct original proto-src",
    "ct original ip saddr",
    "ct reply ip6 daddr",
    "fib saddr type",
    "fib daddr . iif type",
    "fib daddr . iif . mark oifname",
    "numgen random mod 2",
    "numgen inc mod 2 offset 1",
    "symhash mod 2",
    "symhash mod 2 offset 1",
    "jhash ip saddr mod 2",
    "jhash ip saddr . tcp dport mod 2 seed 0x1 offset 5",
    "socket transparent",
    "socket cgroupv2 level 2",
    "osf name",
    "rt classid",
    "rt ip nexthop",
    "rt ip6 nexthop",
    "ipsec in reqid",
  ])("%s is taken whole, alone and among others", (field) => {
    expect(first(`${field} 5 accept`)).toMatchObject({ kind: "match", key: [field], text: `${field} 5` });
    const pair = `ip saddr . ${field} @s`;
    expect(first(`${pair} accept`)).toMatchObject({ kind: "match", key: ["ip saddr", field], text: pair });
  });

  it.each([
    "meta",
    "meta shoe 1",
    "ip",
    "xmark 1",
    "markx 1",
    "tcpx dport 1",
    "xip saddr 1",
    "@ll,0 1",
    "@xx,0,8 1",
    "frob saddr 1",
  ])("%s is none", (text) => expect(parseRule(text)).toBeUndefined());
});

const elements = (...keys: readonly string[]) => ({ kind: "elements", elements: keys.map((key) => ({ key })) });

describe("a match", () => {
  it.each<[string, object]>([
    ["ip saddr 10.0.0.1", { mask: undefined, operator: undefined, right: elements("10.0.0.1") }],
    ...["==", "!=", "<", ">", "<=", ">="].map((operator): [string, object] => [
      `tcp dport ${operator} 80`,
      { operator, right: elements("80") },
    ]),
    ["ip saddr & 255.0.0.0 == 10.0.0.0", { mask: "255.0.0.0", operator: "==", right: elements("10.0.0.0") }],
    ["meta mark & 0x4000 != 0x0", { mask: 0x4000, operator: "!=", right: elements("0x0") }],
    ["tcp flags & (fin | syn) == syn", { mask: "(fin | syn)", operator: "==", right: elements("syn") }],
    ["tcp flags (fin | syn)", { mask: undefined, right: elements("(fin | syn)") }],
    ["iifname @names", { right: { kind: "named", name: "names" } }],
    ["tcp flags fin | syn", { right: elements("fin | syn") }],
    ["tcp flags syn / fin,syn", { mask: "fin,syn", right: elements("syn") }],
    ["ip saddr . tcp dport 10.0.0.1 . 80", { key: ["ip saddr", "tcp dport"], right: elements("10.0.0.1 . 80") }],
    ["ip saddr @blocked", { right: { kind: "named", name: "blocked" } }],
    ["ip saddr { 10.0.0.1, 10.0.0.2, }", { right: elements("10.0.0.1", "10.0.0.2") }],
    ["ip saddr { }", { right: { kind: "elements", elements: [] } }],
  ])("%s", (text, expected) => {
    const statements = statementsOf(`${text} accept`);
    expect(statements?.[0]).toMatchObject({ kind: "match", ...expected });
    expect(statements).toHaveLength(2);
  });

  it("by a map of verdicts", () => {
    expect(first("ip daddr . th dport vmap { 10.0.0.1 . 80 : goto c }")).toMatchObject({
      kind: "verdict-map",
      key: ["ip daddr", "th dport"],
      map: { kind: "elements", elements: [{ key: "10.0.0.1 . 80", value: "goto c" }] },
    });
    expect(first("ip daddr vmap @m")).toMatchObject({ kind: "verdict-map", map: { kind: "named", name: "m" } });
  });
});

const all = 0xffffffff;

describe("an assignment", () => {
  it.each([
    ["0x1", { of: undefined, keep: 0, flip: 1 }],
    ["ct mark", { of: "ct mark", keep: all, flip: 0 }],
    ["meta mark | 0x4000", { of: "meta mark", keep: 0xffffbfff, flip: 0x4000 }],
    ["meta mark & 0x4000", { of: "meta mark", keep: 0x4000, flip: 0 }],
    ["meta mark ^ 0x4000", { of: "meta mark", keep: all, flip: 0x4000 }],
    ["meta mark & 0xffff0000 ^ 0x80000001", { of: "meta mark", keep: 0xffff0000, flip: 0x80000001 }],
    ["meta mark ^ 0x5 & 0x4", { of: "meta mark", keep: 0x4, flip: 0x4 }],
    ["meta mark ^ 0x5 | 0x4", { of: "meta mark", keep: 0xfffffffb, flip: 0x5 }],
    ["meta mark ^ 0x5 ^ 0x4", { of: "meta mark", keep: all, flip: 0x1 }],
    ["meta mark | x", undefined],
    ["1:2", undefined],
  ])("of %s", (value, expected) => {
    const text = `meta mark set ${value}`;
    expect(statementsOf(`${text} accept`)).toMatchObject([
      { kind: "set-field", field: "meta mark", value: expected, text },
      {},
    ]);
  });
});

describe("a translation", () => {
  it.each<[string, object]>([
    ["masquerade", { kind: "masquerade", flags: [] }],
    ["masquerade random,persistent", { kind: "masquerade", flags: ["random", "persistent"] }],
    ["masquerade to :1000-2000 fully-random persistent", { to: ":1000-2000", flags: ["fully-random", "persistent"] }],
    ["redirect to :81", { kind: "redirect", to: ":81", family: undefined }],
    ["snat ip to 192.0.2.1", { kind: "snat", family: "ip", to: "192.0.2.1" }],
    ["dnat ip6 to [fd00::1]:80", { kind: "dnat", family: "ip6", to: "[fd00::1]:80" }],
    ["dnat to 10.0.0.1 . 80", { kind: "dnat", family: undefined, to: "10.0.0.1 . 80", map: undefined }],
    ["dnat ip to ip saddr map @m", { family: "ip", to: undefined, map: { key: ["ip saddr"], source: { name: "m" } } }],
    [
      "dnat ip addr . port to tcp dport map { 80 : 10.0.0.1 . 81 }",
      { family: "ip", map: { key: ["tcp dport"], source: { elements: [{ key: "80", value: "10.0.0.1 . 81" }] } } },
    ],
  ])("%s", (text, expected) => {
    expect(statementsOf(`${text} comment "why"`)).toMatchObject([{ ...expected, text }]);
  });
});

describe("an entry into a set", () => {
  it.each([
    ["add @s { ip saddr }", { operation: "add", set: "s", key: ["ip saddr"], hasMore: false }],
    [
      "update @s { ip saddr . tcp dport timeout 5m }",
      { operation: "update", key: ["ip saddr", "tcp dport"], hasMore: false },
    ],
    ["delete @s { ip saddr }", { operation: "delete", hasMore: false }],
    ["update @s { ip saddr counter }", { operation: "update", hasMore: true }],
    ["add @s { ip saddr timeout 5m limit rate 1/second }", { hasMore: true }],
  ])("%s", (text, expected) => {
    expect(statementsOf(`${text} accept`)).toMatchObject([
      { kind: "update-set", text, ...expected },
      { kind: "verdict" },
    ]);
  });
});

it("a parenthesis that is not closed takes the rest", () => {
  expect(first("tcp flags (fin accept")).toMatchObject({ right: elements("(fin accept") });
});

it("a comment without a text is empty", () => expect(parseRule("accept comment")?.comment).toBe(""));

it.each([
  "dnat ip prefix to ip saddr map @m",
  "dnat ip interval to ip saddr map @m",
  "dnat to ip saddr 10.0.0.1",
  "dnat to ip saddr map",
  "update @s ip saddr",
  "update @s { nothing }",
  "update @s { ip saddr",
  "update s { ip saddr }",
  "ip saddr",
  "ip saddr !=",
  "ip saddr vmap",
  "ip saddr vmap {",
  "ip saddr { 10.0.0.1",
  "ip saddr . 10.0.0.1",
  "jhash ip saddr",
  "meta count 5",
  'log xprefix "a"',
  'log prefixes "a"',
  "nothing at all",
])("%s is not understood", (text) => expect(parseRule(text)).toBeUndefined());
