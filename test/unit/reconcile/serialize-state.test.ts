import { describe, expect, it } from "vitest";
import { emptyTable, type OwnedTable } from "../../../src/ir/owned.ts";
import { readRuleset } from "../../../src/languages/nftables/read-ruleset.ts";
import { nothingOwned, type OwnedState } from "../../../src/reconcile/owned-state.ts";
import { serializeState } from "../../../src/reconcile/serialize-state.ts";

const rules = (table: Partial<OwnedTable>, isShared = false): Partial<OwnedState> => {
  const ipv4 = { tables: new Map([["nat", { ...emptyTable, ...table }]]), isShared };
  return { rules: { ipv4, ipv6: undefined } };
};
const chains = (...lines: readonly string[]) => ({ chains: new Map([["KUBE-SERVICES", lines]]) });
const jumps = (...lines: readonly string[]) => ({ jumps: new Map([["PREROUTING", lines]]) });
const sets = (shape: string, ...entries: readonly string[]): Partial<OwnedState> => {
  const set = { name: "KUBE-A", shape, create: `create KUBE-A ${shape}`, entries: new Set(entries), isHeld: false };
  return { sets: new Map([["KUBE-A", set]]) };
};
const servers = (options: string, ...real: readonly (readonly [string, string])[]): Partial<OwnedState> => {
  const key = "-t 10.96.0.1:80";
  return { servers: new Map([[key, { key, options, realServers: new Map(real) }]]) };
};
const tables = (rule: string): Partial<OwnedState> => {
  const [table] = readRuleset([{ file: "", text: `table ip kube-proxy {\nchain a {\n${rule}\n}\n}\n` }]).doc.tables;
  return { tables: new Map(table === undefined ? [] : [["ip kube-proxy", table]]) };
};
const text = (state: Partial<OwnedState>): string => JSON.stringify(serializeState({ ...nothingOwned, ...state }));
const [a, b] = [
  ["10.0.0.1:80", "-m -w 1"],
  ["10.0.0.2:80", "-m -w 1"],
] as const;

describe("a state as JSON", () => {
  const states: readonly Partial<OwnedState>[] = [
    {},
    rules(chains()),
    rules(chains("-A KUBE-SERVICES -j ACCEPT")),
    rules(chains("-A KUBE-SERVICES -j ACCEPT", "-A KUBE-SERVICES -j DROP")),
    rules(chains("-A KUBE-SERVICES -j DROP", "-A KUBE-SERVICES -j ACCEPT")),
    rules(chains(), true),
    rules({ ...chains(), heldChains: new Set(["KUBE-SERVICES"]) }),
    rules(jumps("-A PREROUTING -j KUBE-SERVICES")),
    sets("hash:ip"),
    sets("hash:ip", "10.0.0.1"),
    sets("hash:net", "10.0.0.1"),
    servers("-s rr"),
    servers("-s wrr"),
    servers("-s rr", a),
    servers("-s rr", b),
    servers("-s rr", a, b),
    servers("-s rr", [a[0], "-m -w 0"]),
    tables("drop"),
    tables("accept"),
    { addresses: new Set() },
    { addresses: new Set(["10.96.0.1/32"]) },
    { sysctls: new Map([["net.ipv4.ip_forward", "1"]]) },
    { sysctls: new Map([["net.ipv4.ip_forward", "0"]]) },
    { counters: new Set(["a"]) },
    { timeouts: "900 120 300" },
  ];

  it("differs where states do", () => {
    expect(new Set(states.map(text)).size).toBe(states.length);
  });

  it.each([
    ["of real servers", servers("-s rr", a, b), servers("-s rr", b, a)],
    ["of entries", sets("hash:ip", "10.0.0.1", "10.0.0.2"), sets("hash:ip", "10.0.0.2", "10.0.0.1")],
    ["of addresses", { addresses: new Set(["a", "b"]) }, { addresses: new Set(["b", "a"]) }],
    ["of counters", { counters: new Set(["a", "b"]) }, { counters: new Set(["b", "a"]) }],
    [
      "of sysctls",
      {
        sysctls: new Map([
          ["a", "1"],
          ["b", "1"],
        ]),
      },
      {
        sysctls: new Map([
          ["b", "1"],
          ["a", "1"],
        ]),
      },
    ],
    [
      "of tables, and what is foreign in them",
      rules(chains()),
      rules({ ...chains(), foreignCounts: new Map([["INPUT", 1]]) }),
    ],
  ])("is the same whatever the order %s", (_case, one, other) => {
    expect(text(one)).toBe(text(other));
  });

  it("leaves out tables without anything of ours", () => {
    expect(text(rules({}))).toBe(text({ rules: { ipv4: { tables: new Map(), isShared: false }, ipv6: undefined } }));
  });
});
