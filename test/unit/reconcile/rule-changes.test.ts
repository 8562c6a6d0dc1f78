import { describe, expect, it } from "vitest";
import { emptyTable, type OwnedRules, type OwnedTable } from "../../../src/ir/owned.ts";
import { diffRules } from "../../../src/languages/iptables/changes/rule-changes.ts";
import { ownChains } from "../../../src/programs/registry.ts";

const rules = (filter: Partial<OwnedTable>, isShared = false): OwnedRules => ({
  tables: new Map([["filter", { ...emptyTable, ...filter }]]),
  isShared,
});
const diff = (desired: OwnedRules | undefined, live: OwnedRules | undefined) =>
  diffRules("ipv4", desired, live, ownChains);
/** What a change is, in short. */
const changes = (desired: OwnedRules | undefined, live: OwnedRules | undefined) =>
  diff(desired, live).map(({ kind, chain, desired: lines }) => [kind, chain, ...lines]);

describe("jumps among foreign rules", () => {
  const [first, second] = ["-A INPUT -j KUBE-FIREWALL", "-A INPUT -j KUBE-NODEPORTS"] as const;
  /** Jumps of INPUT, the number of foreign rules before each, and of all foreign rules. */
  const input = (lines: readonly string[], before: readonly number[], count: number) =>
    rules({
      jumps: new Map([["INPUT", lines]]),
      foreignBefore: before.length === 0 ? new Map() : new Map([["INPUT", before]]),
      foreignCounts: new Map([["INPUT", count]]),
    });

  it.each([
    ["stay where they are", input([first], [1], 2), input([first], [1], 2), undefined],
    [
      "move back",
      input([first], [0], 2),
      input([first], [1], 2),
      { missing: [], extra: [], reordered: true, live: [] },
    ],
    [
      "of which one is elsewhere",
      input([first, second], [0, 1], 2),
      input([first, second], [0, 2], 2),
      { reordered: true },
    ],
    [
      "move back, and another is made",
      input([first, second], [0, 0], 2),
      input([first], [1], 2),
      { missing: [second], reordered: true },
    ],
    ["may stand anywhere", input([first], [], 2), input([first], [1], 2), undefined],
    ["may stand anywhere among other foreign rules", input([first], [0], 1), input([first], [1], 2), undefined],
    ["of which one is not known", input([first, second], [0], 2), input([first, second], [1, 1], 2), undefined],
  ])("%s", (_case, desired, live, difference) => {
    const found = diff(desired, live);
    expect(found.map((change) => change.difference)).toEqual(
      difference === undefined ? [] : [expect.objectContaining(difference)],
    );
    for (const { kind, isBuiltIn, chain } of found)
      expect({ kind, isBuiltIn, chain }).toEqual({ kind: "change", isBuiltIn: true, chain: "INPUT" });
  });
});

describe("chains", () => {
  const chain = (name: string, ...lines: readonly string[]) => new Map([[name, lines]]);
  const services = "-A KUBE-SERVICES -j KUBE-MARK-DROP";

  it.each([
    ["are made", rules({ chains: chain("KUBE-SERVICES", services) }), undefined, [["add", "KUBE-SERVICES", services]]],
    ["are made when empty", rules({ chains: chain("KUBE-SERVICES") }), rules({}), [["add", "KUBE-SERVICES"]]],
    [
      "are changed",
      rules({ chains: chain("KUBE-SERVICES", services) }),
      rules({ chains: chain("KUBE-SERVICES") }),
      [["change", "KUBE-SERVICES", services]],
    ],
    ["are deleted", undefined, rules({ chains: chain("KUBE-SERVICES", services) }), [["remove", "KUBE-SERVICES"]]],
    ["are deleted when empty", undefined, rules({ chains: chain("KUBE-SERVICES") }), [["remove", "KUBE-SERVICES"]]],
    ["of the canary stay with the others", rules({}), rules({ chains: chain("KUBE-PROXY-CANARY") }), []],
    [
      "of the canary go with the others",
      undefined,
      rules({ chains: chain("KUBE-PROXY-CANARY") }),
      [["remove", "KUBE-PROXY-CANARY"]],
    ],
    [
      "that foreign rules jump to are emptied",
      undefined,
      rules({ chains: chain("KUBE-SERVICES", services), heldChains: new Set(["KUBE-SERVICES"]) }),
      [["remove", "KUBE-SERVICES"]],
    ],
    [
      "that foreign rules jump to, and are empty, need nothing",
      undefined,
      rules({ chains: chain("KUBE-SERVICES"), heldChains: new Set(["KUBE-SERVICES"]) }),
      [],
    ],
  ])("%s", (_case, desired, live, expected) => {
    expect(changes(desired, live)).toEqual(expected);
  });
});

describe("beside a kubelet", () => {
  const ours = "-A KUBE-FIREWALL -s 127.0.0.0/8 -j DROP";
  const theirs = "-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP";
  const jump = "-A INPUT -j KUBE-FIREWALL";
  const others = "-A INPUT -j KUBE-SERVICES";
  const firewall = (...lines: readonly string[]) => ({ chains: new Map([["KUBE-FIREWALL", lines]]) });
  const jumps = (...lines: readonly string[]) => ({ jumps: new Map([["INPUT", lines]]) });

  it.each([
    [
      "its rules stay before ours",
      rules(firewall(ours)),
      firewall(theirs),
      [["change", "KUBE-FIREWALL", theirs, ours]],
    ],
    ["ours that are there are enough", rules(firewall(ours)), firewall(theirs, ours), []],
    ["its chain stays when ours go", undefined, firewall(theirs), []],
    ["its jump stays when ours go", undefined, jumps(jump, others), [["change", "INPUT", jump]]],
    ["other jumps go", undefined, jumps(others), [["remove", "INPUT"]]],
    ["a jump is made beside its own", rules(jumps(others)), jumps(jump), [["change", "INPUT", jump, others]]],
  ])("%s", (_case, desired, live, expected) => {
    expect(changes(desired, rules(live, true))).toEqual(expected);
  });

  it("is told from a host without one", () => {
    expect(changes(undefined, rules(firewall(theirs)))).toEqual([["remove", "KUBE-FIREWALL"]]);
  });
});
