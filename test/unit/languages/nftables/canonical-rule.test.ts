import { describe, expect, test } from "vitest";
import { canonicalKey, canonicalRule, withoutComment } from "../../../../src/languages/nftables/canonical-rule.ts";
import { canonicalRanges } from "../../../../src/languages/nftables/ranges.ts";

describe("the canonical form of a rule", () => {
  test.each([
    ["a mark without meta", "mark & 0x4000 != 0 drop", "meta mark & 0x00004000 != 0x00000000 drop"],
    ["the highest bit", "meta mark & 0x80000000 != 0 drop", "meta mark != 0x00000000/1 drop"],
    ["a mark as another number", "meta mark set 0x1", "meta mark set 0x00000001"],
    ["or with a mark", "meta mark set mark | 0x4000", "meta mark set meta mark | 0x00004000"],
    [
      "what a map of dnat holds",
      "dnat ip addr . port to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }",
      "dnat ip to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }",
    ],
    ["a set of one element", "ip saddr != { 198.51.100.7 } drop", "ip saddr != 198.51.100.7 drop"],
    [
      "networks that overlap",
      "ip saddr { 10.0.0.0/9, 10.128.0.0/9, 10.1.0.0/16 } drop",
      "ip saddr { 10.0.0.0/8 } drop",
    ],
    [
      "networks in another order",
      "ip saddr { 192.0.2.0/24, 10.0.0.1 } drop",
      "ip saddr { 10.0.0.1, 192.0.2.0/24 } drop",
    ],
    [
      "a range that is no network",
      "ip saddr { 203.0.113.133, 203.0.113.134 } drop",
      "ip saddr 203.0.113.133-203.0.113.134 drop",
    ],
    ["full length", "ip daddr 10.0.0.1/32 drop", "ip daddr 10.0.0.1 drop"],
    ["IPv6", "ip6 daddr FD00:0::1/128 drop", "ip6 daddr fd00::1 drop"],
    ["a name in quotation marks", "iifname != cali* drop", 'meta iifname != "cali*" drop'],
    ["a protocol by its number", "meta l4proto 6 drop", "meta l4proto tcp drop"],
    ["equal", "ip daddr == 10.0.0.1 drop", "ip daddr 10.0.0.1 drop"],
    ["states in another order", "ct state related,established accept", "ct state established,related accept"],
    ["the usual answer", "reject with icmp port-unreachable", "reject"],
    [
      "the elements of a map in another order",
      "ip daddr vmap { 10.0.0.2 : drop, 10.0.0.1 : accept }",
      "ip daddr vmap { 10.0.0.1 : accept, 10.0.0.2 : drop }",
    ],
    ["flags of nat in another order", "masquerade fully-random,persistent", "masquerade persistent,fully-random"],
  ])("%s: both are the same", (_, one, other) => {
    expect(canonicalRule(one)).toBe(canonicalRule(other));
  });

  test.each([
    ["another address", "ip daddr 10.0.0.1 drop", "ip daddr 10.0.0.2 drop"],
    ["another field", "ip daddr 10.0.0.1 drop", "ip saddr 10.0.0.1 drop"],
    ["not", "ip daddr 10.0.0.1 drop", "ip daddr != 10.0.0.1 drop"],
    ["another verdict", "ip daddr 10.0.0.1 drop", "ip daddr 10.0.0.1 reject"],
    ["all states, or any", "ct state == established,related accept", "ct state established,related accept"],
    ["another bit", "meta mark & 0x00004000 != 0 drop", "meta mark & 0x00008000 != 0 drop"],
    [
      "another chance",
      "numgen random mod 2 vmap { 0 : drop, 1 : accept }",
      "numgen random mod 3 vmap { 0 : drop, 1 : accept }",
    ],
    [
      "endpoints in another order",
      "dnat ip to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 }",
      "dnat ip to numgen random mod 2 map { 0 : 10.0.0.2 . 80, 1 : 10.0.0.1 . 80 }",
    ],
    ["another mark", "meta mark set 0x1", "meta mark set 0x2"],
    ["a mark of a connection", "meta mark set ct mark", "meta mark set 0x0"],
    ["another chain", "jump a", "jump b"],
    ["to come back, or not", "jump a", "goto a"],
    ["another family", "masquerade", "masquerade random"],
    ["another map", "ip daddr vmap @a", "ip daddr vmap @b"],
    ["another key of a map", "ip daddr vmap @a", "ip saddr vmap @a"],
    ["another value", "ip daddr vmap { 10.0.0.1 : drop }", "ip daddr vmap { 10.0.0.1 : accept }"],
    ["another set that is filled", "update @a { ip saddr }", "update @b { ip saddr }"],
    ["another way to fill a set", "update @a { ip saddr }", "add @a { ip saddr }"],
    ["another limit", "limit rate 1/second accept", "limit rate 2/second accept"],
    ["an order of statements", "counter drop", "drop"],
    ["a comment", 'drop comment "a"', 'drop comment "b"'],
    ["another answer", "reject", "reject with tcp reset"],
    ["another set", "ip daddr @one drop", "ip daddr @two drop"],
    ["another port", "dnat to 10.0.0.1:80", "dnat to 10.0.0.1:81"],
  ])("%s: they differ", (_, one, other) => {
    expect(canonicalRule(one)).not.toBe(canonicalRule(other));
  });

  test("a rule that is not understood is compared as it is spelled", () => {
    expect(canonicalRule("shuffle the   { a,b }")).toBe("shuffle the { a,b }");
  });

  test("a comment can be left out", () => {
    expect(withoutComment('drop comment "as { it } is"')).toBe("drop");
  });
});

test.each([
  ["10.0.0.1 . 6 . 80", "10.0.0.1 . tcp . 80"],
  ["FD00::0:1 . udp . 53", "fd00::1 . udp . 53"],
])("the key %s is %s", (one, other) => {
  expect(canonicalKey(one)).toBe(canonicalKey(other));
});

test.each([
  [
    ["80", "81", "90-95", "92"],
    ["80-81", "90-95"],
  ],
  [["10.0.0.7/24"], ["10.0.0.0/24"]],
  [["::/1", "8000::/1"], ["::/0"]],
  [["10.0.0.1", "80"], undefined],
  [["eth0"], undefined],
  [["10.0.0.9-10.0.0.1"], undefined],
])("the ranges of %j are %j", (texts, ranges) => {
  expect(canonicalRanges(texts)).toEqual(ranges);
});
