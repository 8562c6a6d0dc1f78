import { describe, expect, it } from "vitest";
import { guessTables } from "../../../../src/languages/iptables/guess-tables.ts";

const tablesOf = (
  lines: readonly string[],
  command?: string,
  tableOf = (_chain: string): string | undefined => undefined,
) => guessTables(lines, { file: "", command, tableOf }).tables;

describe("the table of lines that stand in none", () => {
  it.each([
    ["iptables -S", "filter"],
    ["iptables-legacy -L -n -v", "filter"],
    ["sudo ip6tables-nft -t nat -S", "nat"],
    ["iptables --table=raw -S", "raw"],
    ["iptables --table mangle -vL", "mangle"],
    ["iptables-save | grep X", undefined],
    ["ipset save", undefined],
    ["iptables -A X", undefined],
  ])("is told by the command: %s", (command, table) => {
    expect(tablesOf(["-A X -j MASQUERADE", "said"], command)[0]).toBe(table ?? "nat");
  });

  it.each([
    ["mangle", ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]],
    ["mangle", ["FORWARD", "POSTROUTING"]],
    ["filter", ["INPUT", "FORWARD", "OUTPUT"]],
    ["nat", ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]],
    ["nat", ["PREROUTING", "INPUT"]],
    ["nat", ["POSTROUTING"]],
    ["raw", ["PREROUTING", "OUTPUT"]],
  ])("is told by the chains that are built in: %s", (table, chains) => {
    expect(tablesOf([...chains.map((chain) => `:${chain} ACCEPT [0:0]`), "-A X -j MASQUERADE", "", "said"])).toEqual([
      ...chains.map(() => table),
      table,
      undefined,
      undefined,
    ]);
  });

  it.each(["DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"])("is nat with target %s", (target) => {
    expect(tablesOf([`-A X -j ${target}`])).toEqual(["nat"]);
  });

  it.each([
    ["REJECT", "filter"],
    ["CT", "raw"],
    ["NOTRACK", "raw"],
    ["TPROXY", "mangle"],
    ["TCPMSS", "mangle"],
    ["ACCEPT", "filter"],
    ["constructor", "filter"],
  ])("with target %s is %s", (target, table) => {
    expect(tablesOf([`[1:2] -A X -g ${target}`])).toEqual([table]);
  });

  it("is that of most other lines where nothing tells it", () => {
    const known = ["-A A -j MASQUERADE", "-A B -j DNAT --to-destination 10.0.0.1", "-A C -j CT --notrack"];
    expect(tablesOf([...known, "-A D -j ACCEPT"])).toEqual(["nat", "nat", "raw", "nat"]);
  });

  it("is told by a chain's name, and by the chains that it jumps to", () => {
    const isNat = (chain: string) => (chain === "KUBE-SVC-A" ? "nat" : undefined);
    expect(tablesOf(["-A MINE -j KUBE-SVC-A", "-A MINE -j ACCEPT", "-A OTHER -j REJECT"], undefined, isNat)).toEqual([
      "nat",
      "nat",
      "filter",
    ]);
  });

  it("is assumed, and that is said of each table", () => {
    const { assumed } = guessTables(["-A A -j MASQUERADE", "-A B -j REJECT", ""], {
      file: "",
      command: undefined,
      tableOf: () => undefined,
    });
    expect([...assumed]).toEqual(
      ["nat", "filter"].map((table) => [
        table,
        `these lines stand in no table: table ${table} is assumed, and that its other rules are unknown`,
      ]),
    );
    expect(
      guessTables([":INPUT ACCEPT"], { file: "", command: "iptables -S", tableOf: () => undefined }).assumed.size,
    ).toBe(0);
  });
});
