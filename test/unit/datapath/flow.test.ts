import { describe, expect, it } from "vitest";
import { addHop, describeHop, type Flow, hopsOf, withoutIdleHop } from "../../../src/datapath/flow.ts";
import type { Hop } from "../../../src/datapath/packet.ts";
import type { Elements, PacketRule } from "../../../src/ir/datapath.ts";

// The functions look at hops only.
const start = { hops: undefined } as Flow;
const elements = { text: "@ports" } as Elements;
const ruleOf = (action: object) => ({ text: "", line: 1, predicates: [], action }) as unknown as PacketRule;
const rule = (action: object): Hop => ({
  kind: "rule",
  table: "nat",
  chain: "A",
  number: 1,
  rule: ruleOf(action),
  file: "",
  chance: undefined,
});
const policy: Hop = { kind: "policy", table: "nat", chain: "INPUT", policy: "ACCEPT" };
const lookUp = rule({ kind: "by-element", elements });

describe("the hops of a flow", () => {
  it("are in the order in which they were met", () => {
    expect(hopsOf(start)).toEqual([]);
    expect(hopsOf(addHop(addHop(start, lookUp), policy))).toEqual([lookUp, policy]);
  });

  it("say more of a rule that was met last", () => {
    const more = { element: "80" };
    expect(hopsOf(describeHop(addHop(addHop(start, policy), lookUp), more))).toEqual([policy, { ...lookUp, ...more }]);
    for (const flow of [start, addHop(start, policy)]) expect(describeHop(flow, more)).toBe(flow);
  });

  it.each<readonly [string, readonly Hop[], number]>([
    ["none", [], 0],
    ["a policy", [policy], 1],
    ["another action", [rule({ kind: "verdict" })], 1],
    ["a look-up of other elements", [rule({ kind: "by-element", elements: { text: "@ports" } })], 1],
    ["a look-up of these", [policy, lookUp], 1],
    ["a look-up of these, not the last", [lookUp, policy], 2],
  ])("leave out a rule that only looked up elements: %s", (_case, hops, left) => {
    const flow = hops.reduce(addHop, start);
    expect(hopsOf(withoutIdleHop(flow, elements))).toEqual(hops.slice(0, left));
  });
});
