import { describe, expect, it } from "vitest";
import type { LanguageId } from "../../../../src/ir/artifact.ts";
import { emptyTable, type OwnedRules } from "../../../../src/ir/owned.ts";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import { collectedDocument } from "../../../../src/reconcile/live/collected-document.ts";
import { parseHostState } from "../../../../src/reconcile/live/host-state.ts";
import { assumeUnread, describeUnread } from "../../../../src/reconcile/live/unread.ts";
import { nothingOwned, type OwnedState } from "../../../../src/reconcile/owned-state.ts";

const { state } = parseHostState(collectedDocument({ texts: {}, failures: {} }));
const noRules = { ipv4: undefined, ipv6: undefined };
const lacking = (...unread: readonly LanguageId[]) => ({ ...state, rules: noRules, unread: new Set(unread) });
const rulesIn = (...tables: readonly string[]): OwnedRules => ({
  tables: new Map(tables.map((table) => [table, { ...emptyTable, chains: new Map([[`KUBE-${table}`, []]]) }])),
  isShared: false,
});
const withRules = (ipv4: OwnedRules | undefined): OwnedState => ({ ...nothingOwned, rules: { ipv4, ipv6: undefined } });
const { tables } = readRuleset([{ file: "", text: "table ip kube-proxy {\n}\n" }]).doc;
const full: OwnedState = {
  ...withRules(rulesIn("nat", "filter")),
  servers: new Map([["-t 10.96.0.1:80", { key: "-t 10.96.0.1:80", options: "-s rr", realServers: new Map() }]]),
  tables: new Map(tables.map((table) => ["ip kube-proxy", table])),
  addresses: new Set(["10.96.0.1/32"]),
  sysctls: new Map([["net.ipv4.ip_forward", "1"]]),
  counters: new Set(["ct_state_invalid_dropped_pkts"]),
  timeouts: "900 120 300",
};

describe("what was not read of a host", () => {
  const all = ["iproute", "ipset", "nftables", "ipvs", "ipvs-timeouts", "sysctl", "conntrack", "nfacct"] as const;

  it.each<readonly [LanguageId]>(all.map((id) => [id]))("%s: is as desired, and the rest as it is", (id) => {
    const assumed = assumeUnread(nothingOwned, full, lacking(id));
    const taken = Object.entries(assumed).filter(
      ([part, value]) => part !== "rules" && value !== nothingOwned[part as keyof OwnedState],
    );
    const parts: Partial<Record<LanguageId, keyof OwnedState>> = {
      iproute: "addresses",
      ipset: "sets",
      nftables: "tables",
      ipvs: "servers",
      "ipvs-timeouts": "timeouts",
      sysctl: "sysctls",
      nfacct: "counters",
    };
    const part = parts[id];
    expect(taken).toEqual(part === undefined || full[part] === nothingOwned[part] ? [] : [[part, full[part]]]);
  });

  it("makes no difference where all was read", () => {
    expect(assumeUnread(nothingOwned, full, lacking())).toBe(nothingOwned);
    expect(describeUnread(lacking(), full)).toEqual([]);
  });

  it.each([
    ["all rules", undefined, rulesIn("nat"), ["nat"]],
    ["rules that are not desired", rulesIn("nat"), undefined, undefined],
    ["a table", rulesIn("filter"), rulesIn("nat"), ["nat", "filter"]],
  ])("%s", (_case, live, desired, tables) => {
    const { ipv4 } = assumeUnread(withRules(live), withRules(desired), lacking("conntrack")).rules;
    expect(ipv4 && [...ipv4.tables.keys()]).toEqual(tables);
  });

  it("of a table that was read, what was read counts", () => {
    const live = rulesIn("nat");
    const other: OwnedRules = { ...live, tables: new Map([["nat", emptyTable]]) };
    const { ipv4 } = assumeUnread(withRules(live), withRules(other), lacking("conntrack")).rules;
    expect(ipv4).toEqual(live);
  });

  it("is told, unless nothing of the kind is desired", () => {
    expect(describeUnread(lacking(...all), full)).toEqual([
      "IPv4 rules",
      "the addresses of interfaces",
      "tables of nftables",
      "virtual servers",
      "IPVS timeouts",
      "sysctls",
      "connections",
    ]);
    expect(describeUnread(lacking(...all), nothingOwned)).toEqual([
      "the addresses of interfaces",
      "sysctls",
      "connections",
    ]);
    const nat = {
      ...lacking("conntrack"),
      rules: { ipv4: { backend: "nft", tables: new Map([["nat", new Map()]]) }, ipv6: undefined },
    } as const;
    expect(describeUnread(nat, full)).toEqual(["table filter of IPv4", "connections"]);
  });
});
