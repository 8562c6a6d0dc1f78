import { expect, it } from "vitest";
import { readTables } from "../../../src/languages/iptables/read-tables.ts";
import { isAnythingOwned, ownedRules } from "../../../src/reconcile/owned-objects.ts";

const owned = (...lines: readonly string[]) =>
  ownedRules(readTables([{ file: "", text: ["*filter", ...lines, "COMMIT", ""].join("\n") }]));

it.each([
  ["nothing", [":INPUT ACCEPT [0:0]", "-A INPUT -j DROP"], false],
  ["a foreign chain", [":MINE - [0:0]", ":KUBE-MINE - [0:0]", "-A MINE -j DROP"], false],
  ["a chain of ours", [":KUBE-SERVICES - [0:0]"], true],
  ["a jump to ours", [":INPUT ACCEPT [0:0]", "-A INPUT -j KUBE-SERVICES"], true],
])("anything of ours in rules: %s", (_case, lines, isAny) => {
  expect(isAnythingOwned(owned(...lines))).toBe(isAny);
});

it("jumps of built-in chains are ours, with their places; foreign chains hold ours", () => {
  const { tables, isShared } = owned(
    ":INPUT ACCEPT [0:0]",
    ":OUTPUT ACCEPT [0:0]",
    ":KUBE-SERVICES - [0:0]",
    ":MINE - [0:0]",
    "-A INPUT -j DROP",
    "-A INPUT -j KUBE-SERVICES",
    "-A INPUT -s 10.0.0.1/32 -j ACCEPT",
    "-A INPUT -g KUBE-SERVICES",
    "-A MINE -j KUBE-SERVICES",
    "-A MINE -j DROP",
    "-A KUBE-SERVICES -j RETURN",
  );
  expect(isShared).toBe(false);
  expect(tables.get("filter")).toEqual({
    chains: new Map([["KUBE-SERVICES", ["-A KUBE-SERVICES -j RETURN"]]]),
    jumps: new Map([["INPUT", ["-A INPUT -j KUBE-SERVICES", "-A INPUT -g KUBE-SERVICES"]]]),
    foreignBefore: new Map([["INPUT", [1, 2]]]),
    foreignCounts: new Map([
      ["INPUT", 2],
      ["OUTPUT", 0],
    ]),
    heldChains: new Set(["KUBE-SERVICES"]),
  });
});

it("a kubelet is told by its canary", () => {
  expect(owned(":KUBE-KUBELET-CANARY - [0:0]").isShared).toBe(true);
});
