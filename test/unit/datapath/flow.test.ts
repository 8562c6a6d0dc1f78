import { describe, expect, it } from "vitest";
import { parseAddressSet } from "../../../src/datapath/address-set.ts";
import { addHop, describeHop, type Flow, hopsOf, mergeFlows, withoutIdleHop } from "../../../src/datapath/flow.ts";
import type { Hop } from "../../../src/datapath/packet.ts";
import { share } from "../../../src/datapath/share.ts";
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

describe("flows that differ in one answer only", () => {
  const flow = (holds: boolean, other: object = {}) =>
    ({
      sources: parseAddressSet("10.0.0.0/8"),
      destination: "10.0.0.1",
      port: 80,
      share: share(1, 2),
      asked: new Map(),
      assumptions: [
        { what: "a", holds: true },
        { what: "b", holds },
      ],
      ...other,
    }) as unknown as Flow;

  it("are one, without the answer", () => {
    expect(mergeFlows([flow(true), flow(false)])).toEqual([
      { ...flow(false), assumptions: [{ what: "a", holds: true }] },
    ]);
  });

  it("and then of that one in another", () => {
    const no = [{ what: "a", holds: false }];
    expect(mergeFlows([flow(true), flow(false), flow(true, { assumptions: no })])).toEqual([
      { ...flow(true), assumptions: [] },
    ]);
  });

  it.each<[string, object]>([
    ["destination", { destination: "10.0.0.2" }],
    ["port", { port: 81 }],
    ["sources", { sources: parseAddressSet("10.0.0.0/9") }],
    ["share", { share: share(1, 3) }],
    ["mark", { mark: 1 }],
    ["mark of the connection", { connectionMark: 1 }],
    ["state", { state: "ESTABLISHED" }],
    ["what it remembers", { remembers: "x" }],
    ["what was asked", { asked: new Map([["x", true]]) }],
    ["DNAT", { dnatted: true }],
    ["masquerade", { masqueraded: true }],
    ["SNAT", { newSource: "192.0.2.1" }],
    ["virtual server", { virtualServer: {} }],
    [
      "the question",
      {
        assumptions: [
          { what: "a", holds: true },
          { what: "c", holds: false },
        ],
      },
    ],
    [
      "an earlier answer",
      {
        assumptions: [
          { what: "a", holds: false },
          { what: "b", holds: false },
        ],
      },
    ],
    [
      "no answer",
      {
        assumptions: [
          { what: "a", holds: true },
          { what: "b", holds: true },
        ],
      },
    ],
    ["how many answers", { assumptions: [{ what: "a", holds: true }] }],
  ])("stay two where they differ in more, or in none: %s", (_, other) => {
    const flows = [flow(true), flow(false, other)];
    expect(mergeFlows(flows)).toEqual(flows);
  });

  it("are left out where no packet takes them, unless an answer was assumed", () => {
    const sure = { assumptions: [] };
    expect(mergeFlows([flow(true, sure), flow(true, { ...sure, share: share(0, 1) })])).toEqual([flow(true, sure)]);
  });
});
