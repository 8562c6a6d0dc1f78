import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseRule } from "../../../../src/languages/nftables/parse-rule.ts";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import { readerFor } from "../../../../src/languages/nftables/to-datapath.ts";

const listing = readFileSync(new URL("../../../fixtures/nftables/host-firewall.listing", import.meta.url), "utf8");
const { doc } = readRuleset([{ file: "r.nft", text: listing }]);
const scope = doc.tables[0] ?? { family: "inet", sets: new Map() };
const read = (text: string) => readerFor(scope).read({ text, number: 1 });

test("every statement of the listing is known", () => {
  const rules = doc.tables.flatMap(({ chains }) => [...chains.values()].flatMap((chain) => chain.rules));
  expect(rules.filter(({ text }) => parseRule(text) === undefined)).toEqual([]);
});

const port = (protocol: string | undefined, ...ports: (readonly [number, number])[]) => ({
  kind: "port-in",
  side: "destination",
  protocol,
  ports: ports.map(([from, to]) => ({ from, to })),
});

describe("a match", () => {
  test.each<[string, readonly object[]]>([
    [
      "ip saddr 10.0.0.0/8",
      [
        { kind: "family", family: "ip" },
        { kind: "address-in", side: "source", ranges: ["10.0.0.0/8"] },
      ],
    ],
    [
      "ip6 daddr != { fd00::1, fd00::8-fd00::9 }",
      [
        { kind: "family", family: "ip6" },
        { kind: "address-in", side: "destination", negated: true },
      ],
    ],
    ["tcp dport { 22, 80-90 }", [port("tcp", [22, 22], [80, 90])]],
    ["th dport >= 1024", [port(undefined, [1024, 65_535])]],
    ["tcp sport 80", [{ ...port("tcp", [80, 80]), side: "source" }]],
    ["th sport { 80, 90 }", [{ ...port(undefined, [80, 80], [90, 90]), side: "source" }]],
    ["tcp dport < 80", [port("tcp", [0, 79])]],
    ["tcp dport <= 80-90", [port("tcp", [0, 80])]],
    ["tcp dport > 80-90", [port("tcp", [91, 65_535])]],
    ["tcp dport { *, 80 }", [port("tcp", [0, 65_535], [80, 80])]],
    ["tcp dport { http, 80 }", [{ kind: "element-of" }]],
    [
      "ip daddr { *, 10.0.0.1 }",
      [{ kind: "family" }, { kind: "address-in", ranges: ["0.0.0.0/0", "::/0", "10.0.0.1"] }],
    ],
    ["ip protocol 17", [{ kind: "family" }, { kind: "protocol", protocol: "udp" }]],
    [
      "ip6 nexthdr sctp",
      [
        { kind: "family", family: "ip6" },
        { kind: "protocol", protocol: "sctp" },
      ],
    ],
    ["meta nfproto ipv4", [{ kind: "family", family: "ip", negated: false }]],
    ["meta protocol != ip6", [{ kind: "family", family: "ip6", negated: true }]],
    ["meta protocol ip", [{ kind: "family", family: "ip" }]],
    ["meta nfproto ipv6", [{ kind: "family", family: "ip6" }]],
    ["meta protocol arp", [{ kind: "unknown" }]],
    ["ct status snat", [{ kind: "connection-state", states: ["SNAT"] }]],
    ["ct status assured", [{ kind: "unknown" }]],
    ["ct direction != reply", []],
    ["ct direction != original", [{ kind: "never" }]],
    ["fib saddr type local", [{ kind: "local-address", side: "source" }]],
    ["fib daddr type broadcast", [{ kind: "unknown" }]],
    [
      "icmpv6 type != nd-redirect",
      [
        { kind: "family", family: "ip6" },
        { kind: "icmp-type", protocol: "icmpv6", isEcho: false, negated: true },
      ],
    ],
    ["ip daddr > 10.0.0.1", [{ kind: "family" }, { kind: "unknown" }]],
    ["meta mark > 1", [{ kind: "unknown" }]],
    ["mark 5", [{ kind: "mark", of: "packet", value: 5, mask: 0xffffffff }]],
    ["ct mark & 0xf0 == 0x10", [{ kind: "mark", of: "connection", value: 0x10, mask: 0xf0, negated: false }]],
    [
      "tcp flags == syn",
      [{ kind: "tcp-flags", set: ["SYN"], mask: ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECN", "CWR"] }],
    ],
    ["tcp flags & (fin | syn) != 0x0", [{ kind: "tcp-flags", mask: ["FIN", "SYN"], set: [], negated: true }]],
    ["tcp flags fin,syn", [{ kind: "unknown" }]],
    ["tcp flags odd", [{ kind: "unknown" }]],
    ["udp dport != 53", [{ ...port("udp", [53, 53]), negated: true }]],
    ["meta l4proto ipv6-icmp", [{ kind: "protocol", protocol: "icmpv6" }]],
    ['iifname "cali*"', [{ kind: "interface", side: "in", name: "cali", isPrefix: true }]],
    ['oif != "lo"', [{ kind: "interface", side: "out", name: "lo", isPrefix: false, negated: true }]],
    ["ct state established,related", [{ kind: "connection-state", states: ["ESTABLISHED", "RELATED"] }]],
    ["ct status dnat", [{ kind: "connection-state", states: ["DNAT"] }]],
    ["ct direction original", []],
    ["ct direction reply", [{ kind: "never" }]],
    ["meta mark & 0x00004000 != 0x00000000", [{ kind: "mark", of: "packet", value: 0, mask: 0x4000, negated: true }]],
    ["meta mark != 0x00000000/1", [{ kind: "mark", of: "packet", value: 0, mask: 0x80000000, negated: true }]],
    ["ct mark 0x1", [{ kind: "mark", of: "connection", value: 1, mask: 0xffffffff, negated: false }]],
    ["tcp flags syn / fin,syn,rst,ack", [{ kind: "tcp-flags", mask: ["FIN", "SYN", "RST", "ACK"], set: ["SYN"] }]],
    ["tcp flags & (fin | syn) == syn", [{ kind: "tcp-flags", mask: ["FIN", "SYN"], set: ["SYN"] }]],
    ["tcp flags syn", [{ kind: "tcp-flags", mask: ["SYN"], set: ["SYN"] }]],
    [
      "icmp type echo-request",
      [
        { kind: "family", family: "ip" },
        { kind: "icmp-type", isEcho: true },
      ],
    ],
    ["fib daddr type local", [{ kind: "local-address", side: "destination" }]],
    ["numgen random mod 10 < 3", [{ kind: "chance", numerator: 3, denominator: 10 }]],
    ["numgen random mod 10 != 0", [{ kind: "chance", numerator: 9, denominator: 10 }]],
    ["numgen random mod 10 <= 3", [{ kind: "chance", numerator: 4, denominator: 10 }]],
    ["numgen random mod 10 > 3", [{ kind: "chance", numerator: 6, denominator: 10 }]],
    ["numgen random mod 10 >= 3", [{ kind: "chance", numerator: 7, denominator: 10 }]],
    ["numgen random mod 10 2-5", [{ kind: "chance", numerator: 4, denominator: 10 }]],
    ["numgen random mod 10 != 2-5", [{ kind: "chance", numerator: 6, denominator: 10 }]],
    ["numgen random mod 10 < 30", [{ kind: "chance", numerator: 10, denominator: 10 }]],
    ["ip saddr @seen", [{ kind: "family" }, { kind: "recent", action: "rcheck", list: "seen", seconds: 5400 }]],
    ["ip saddr . tcp dport @pairs", [{ kind: "family" }, { kind: "element-of" }]],
    ["ip daddr @missing", [{ kind: "family" }, { kind: "unknown", isFickle: false }]],
    ["meta skuid 0", [{ kind: "unknown", text: "meta skuid 0" }]],
    ["limit rate over 10/second", [{ kind: "unknown", isFickle: true }]],
    ["ct count over 20", [{ kind: "unknown", isFickle: true }]],
    ["update @seen { ip saddr timeout 5m }", [{ kind: "recent", action: "set", list: "seen" }]],
    ["add @seen { ip saddr limit rate 1/second }", [{ kind: "unknown", isFickle: true }]],
  ])("%s", (text, expected) => {
    const { predicates, action } = read(`${text} accept`);
    expect(predicates).toMatchObject(expected);
    expect(predicates).toHaveLength(expected.length);
    expect(action).toEqual({ kind: "verdict", verdict: "accept" });
  });
});

const address = (text: string) => ({ kind: "address", address: text });

describe("an action", () => {
  test.each<[string, object]>([
    ["jump dns", { kind: "jump", chain: "dns" }],
    ["goto dns", { kind: "goto", chain: "dns" }],
    ["continue", { kind: "continue" }],
    ['counter log prefix "a b" level debug drop', { kind: "verdict", verdict: "drop" }],
    ["reject", { kind: "reject", with: undefined }],
    ["return", { kind: "verdict", verdict: "return" }],
    ["counter", { kind: "continue" }],
    ["meta mark set ct mark | 0x1", { kind: "unknown", ends: false }],
    ["meta mark set x", { kind: "unknown", ends: false }],
    ["meta mark set ip saddr", { kind: "unknown", ends: false }],
    ["ct mark set meta mark & 0xff", { kind: "save-mark", packetMask: 0xff, connectionMask: 0xffffffff }],
    ["tcp dport set 80", { kind: "unknown", ends: true }],
    ["ip dscp set 0", { kind: "continue" }],
    ["redirect", { kind: "dnat", to: { kind: "this-node" }, ports: undefined }],
    ["redirect to nowhere", { kind: "unknown", ends: true }],
    ["snat to ip saddr map @m", { kind: "snat", address: undefined }],
    ["snat to nowhere", { kind: "snat", address: undefined }],
    ["dnat to [fd00::1]", { kind: "dnat", to: address("fd00::1"), ports: undefined, isRandom: false }],
    ["dnat to 10.0.0.1:80 fully-random", { kind: "dnat", isRandom: true }],
    ["dnat to 10.0.0.1 . 80-90", { kind: "dnat", ports: { from: 80, to: 90 } }],
    ["reject with icmpx port-unreachable", { kind: "reject", with: "icmpx port-unreachable" }],
    ["meta mark set meta mark | 0x4000", { kind: "set-mark", of: "packet", value: 0x4000, mask: 0x4000 }],
    ["meta mark set meta mark & 0xffffbfff", { kind: "set-mark", of: "packet", value: 0, mask: 0x4000 }],
    ["meta mark set meta mark ^ 0x4000", { kind: "set-mark", of: "packet", value: 0x4000, mask: 0 }],
    ["meta mark set 0x1", { kind: "set-mark", of: "packet", value: 1, mask: 0xffffffff }],
    ["ct mark set meta mark", { kind: "save-mark", packetMask: 0xffffffff, connectionMask: 0xffffffff }],
    ["meta mark set ct mark & 0xff", { kind: "restore-mark", packetMask: 0xffffffff, connectionMask: 0xff }],
    ["meta priority set 1:2", { kind: "continue" }],
    ["ip daddr set 10.0.0.1", { kind: "unknown", ends: true }],
    ["tcp dport 80 dnat to 10.0.0.1:8080", { kind: "dnat", to: address("10.0.0.1"), ports: { from: 8080, to: 8080 } }],
    [
      "dnat to [fd00::1]:80-90 random",
      { kind: "dnat", to: address("fd00::1"), ports: { from: 80, to: 90 }, isRandom: true },
    ],
    ["dnat to fd00::1", { kind: "dnat", to: address("fd00::1"), ports: undefined }],
    ["dnat to :81", { kind: "dnat", to: { kind: "unchanged" }, ports: { from: 81, to: 81 } }],
    ["dnat to 10.0.0.1-10.0.0.9", { kind: "unknown", ends: true }],
    ["redirect to :5353", { kind: "dnat", to: { kind: "this-node" }, ports: { from: 5353, to: 5353 } }],
    ["snat to 192.0.2.1", { kind: "snat", address: "192.0.2.1" }],
    ["masquerade to :1000-2000 fully-random", { kind: "masquerade" }],
    ["notrack", { kind: "no-track" }],
    ["queue num 1 bypass", { kind: "unknown", ends: true }],
    ["tproxy to :15001", { kind: "unknown", ends: true }],
    ['xt target "MASQUERADE"', { kind: "unknown", ends: false }],
    ["frobnicate 5", { kind: "unknown", ends: false }],
    ["numgen inc mod 2 vmap { 0 : jump dns, 1 : accept }", { kind: "share-out", of: 2, by: "turn" }],
    ["symhash mod 2 vmap { 0 : jump dns, 1 : accept }", { kind: "share-out", of: 2, by: "unknown" }],
    ["jhash ip saddr mod 2 seed 0x1 vmap { 0 : jump dns, 1 : accept }", { kind: "share-out", of: 2, by: "source" }],
    [
      "numgen random mod 8 vmap { 0-3 : jump dns, 4 : accept }",
      {
        choices: [
          { from: 0, to: 3 },
          { from: 4, to: 4 },
        ],
      },
    ],
    ["numgen random mod 8 vmap { 0x2 : accept }", { kind: "unknown" }],
    ["numgen random mod 8 vmap { 2x : accept }", { kind: "unknown" }],
    ["dnat ip to 10.0.0.1 . 80", { kind: "dnat", to: address("10.0.0.1"), ports: { from: 80, to: 80 } }],
    ["dnat ip to 10.0.0.1 . 80x", { kind: "unknown" }],
    ["ct mark set meta mark", { kind: "save-mark", packetMask: 0xffffffff, connectionMask: 0xffffffff }],
    ["meta mark set ct mark", { kind: "restore-mark", packetMask: 0xffffffff, connectionMask: 0xffffffff }],
    ["meta mark set 0x1", { kind: "set-mark", of: "packet", value: 1, mask: 0xffffffff }],
    ["meta priority set 1", { kind: "continue" }],
    ["ip daddr set 10.0.0.1", { kind: "unknown", ends: true }],
    ["meta l4proto . th dport vmap @ports", { kind: "by-element", elements: { text: "@ports" } }],
    ["meta l4proto . th dport vmap @missing", { kind: "unknown", ends: false }],
    ["ct state vmap { new : accept, invalid : drop }", { kind: "by-element" }],
    ["meta mark set 0x1 accept", { kind: "sequence", steps: [{ kind: "set-mark" }, { kind: "verdict" }] }],
    [
      "meta mark set 0x1 tcp dport 80 drop",
      { kind: "sequence", steps: [{ kind: "set-mark" }, { kind: "match" }, { kind: "verdict" }] },
    ],
  ])("%s", (text, expected) => expect(read(text).action).toMatchObject(expected));
});

test.each([
  ["reject with icmp port-unreachable", "ip", { kind: "reject" }],
  ["reject with icmpv6 port-unreachable", "ip6", { kind: "reject" }],
  ["reject with icmpx port-unreachable", undefined, { kind: "reject" }],
  ["dnat ip to 10.0.0.1 . 80", "ip", { kind: "dnat", to: address("10.0.0.1") }],
  ["dnat ip6 to fd00::1", "ip6", { kind: "dnat", to: address("fd00::1"), ports: undefined }],
  ["dnat ip6 to fd00::1 . 80", "ip6", { kind: "dnat", to: address("fd00::1"), ports: { from: 80, to: 80 } }],
])("in a table of both families, %s is of %s only; in another it asks nothing", (text, family, expected) => {
  const { predicates, action } = read(text);
  const asked = `meta nfproto ${family === "ip" ? "ipv4" : "ipv6"}`;
  expect(predicates).toEqual(family === undefined ? [] : [{ kind: "family", family, negated: false, text: asked }]);
  expect(action).toMatchObject(expected);
  expect(readerFor({ family: "ip6", sets: new Map() }).read({ text, number: 1 }).predicates).toEqual([]);
});

test("the elements of a map are conditions with an action each", () => {
  const { action } = read("dnat ip to tcp dport map @targets");
  expect(action).toMatchObject({
    kind: "by-element",
    elements: {
      entries: [
        { line: 36, text: "8080 : 10.244.1.5 . 80", predicates: [port("tcp", [8080, 8080])], action: { kind: "dnat" } },
      ],
    },
  });
});

test("a rule says what it may lead to, and which sets decide", () => {
  const { targetsOf, setsOf } = readerFor(scope);
  expect(targetsOf("meta l4proto . th dport vmap @ports")).toEqual(["dns"]);
  expect(targetsOf("jhash ip saddr mod 2 vmap { 0 : goto a, 1 : jump b }")).toEqual(["a", "b"]);
  expect(setsOf("ip saddr @blocked ip daddr . tcp dport @pairs update @seen { ip saddr }")).toEqual([
    "blocked",
    "pairs",
    "seen",
  ]);
});

test.each<readonly [string, readonly string[] | undefined]>([
  ["meta l4proto tcp dnat to 10.0.1.5:8080", ["10.0.1.5"]],
  ["meta l4proto tcp dnat to [fd00::5]:8080", ["fd00::5"]],
  [
    "meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.0.1.5 . 8080, 1 : 10.0.2.6 . 8080 }",
    ["10.0.1.5", "10.0.2.6"],
  ],
  [
    "meta l4proto udp dnat ip6 addr . port to numgen random mod 2 map { 0 : fd00::5 . 53, 1 : fd00::6 . 53 }",
    ["fd00::5", "fd00::6"],
  ],
  ["meta l4proto tcp dnat ip to numgen random mod 2 map @endpoints", undefined],
  [
    "meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.0.1.5 . 8080, 1 : 10.0.2.6-10.0.2.9 . 8080 }",
    undefined,
  ],
  ["tcp dport 80 dnat to 10.0.1.5:8080", undefined],
])("the addresses that a rule translates to are seen without parsing it: %s", (text, addresses) => {
  expect(readerFor(scope).peekTranslations(text)).toEqual(addresses);
});
