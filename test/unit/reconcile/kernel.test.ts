import { describe, expect, it } from "vitest";
import type { Step } from "../../../src/ir/artifact.ts";
import { emptyTable } from "../../../src/ir/owned.ts";
import { nothingOwned, type OwnedState } from "../../../src/reconcile/owned-state.ts";
import {
  addCounters,
  bindAddresses,
  deleteCounters,
  diffAddresses,
  diffSysctls,
  isOnlyOurs,
  loadIpvs,
  routeLocalnet,
  setSysctls,
  setTimeouts,
  staleSysctls,
  unbindAddresses,
} from "../../../src/reconcile/plan-kernel.ts";

/** Steps as a shell would be given them. */
const shown = (steps: readonly Step[]): readonly string[] =>
  steps.map(({ argv, stdin }) => [argv.join(" "), ...`${stdin}`.split("\n")].filter((line) => line !== "").join("; "));
const addresses = (...all: readonly string[]): ReadonlySet<string> => new Set(all);
const [one, two] = ["10.96.0.1/32", "10.96.0.2/32"] as const;

describe("the device with the service addresses", () => {
  it.each([
    ["is as desired", addresses(one), addresses(one), [], []],
    ["is not desired, and absent", undefined, undefined, [], []],
    [
      "is made",
      addresses(one),
      undefined,
      ["ip link add kube-ipvs0 type dummy", `ip -batch -; addr replace ${one} dev kube-ipvs0`],
      [],
    ],
    ["is made without addresses", addresses(), undefined, ["ip link add kube-ipvs0 type dummy"], []],
    ["is deleted, with all of its addresses", undefined, addresses(one), [], ["ip link del kube-ipvs0"]],
    [
      "gets other addresses",
      addresses(one),
      addresses(two),
      [`ip -batch -; addr replace ${one} dev kube-ipvs0`],
      [`ip -batch -; addr del ${two} dev kube-ipvs0`],
    ],
  ])("%s", (_case, desired, live, ...steps) => {
    const change = diffAddresses(desired, live);
    expect([shown(bindAddresses(change)), shown(unbindAddresses(change))]).toEqual(steps);
  });
});

describe("timeouts", () => {
  it.each([
    ["as desired", "900 120 300", "900 120 300", []],
    ["none desired", undefined, "900 120 300", []],
    ["of which one differs", "900 60 300", "900 120 300", ["ipvsadm --set 900 60 300"]],
    ["of which 0 keeps what is there", "0 120 0", "900 120 300", []],
    ["before IPVS is loaded", "0 0 300", undefined, ["ipvsadm --set 0 0 300"]],
  ])("%s", (_case, desired, live, steps) => {
    expect(shown(setTimeouts(desired, live))).toEqual(steps);
  });
});

describe("IPVS is loaded", () => {
  const ipvs: OwnedState = { ...nothingOwned, addresses: addresses() };

  it.each([
    ["where it is needed", ipvs, nothingOwned, ["ipvsadm -Sn"]],
    ["not where it is there", ipvs, { ...nothingOwned, timeouts: "900 120 300" }, []],
    ["not where it is not needed", nothingOwned, nothingOwned, []],
  ])("%s", (_case, desired, live, steps) => {
    expect(shown(loadIpvs(desired, live))).toEqual(steps);
  });
});

describe("sysctls", () => {
  const names = ["net.ipv4.ip_forward", "net.ipv4.vs.conntrack", routeLocalnet] as const;
  const all = (value: string) => new Map(names.map((name) => [name, value]));

  it("that differ are set, some now and some later", () => {
    const changes = diffSysctls(
      all("1"),
      new Map([
        [names[0], "1"],
        [names[1], "0"],
      ]),
    );
    expect([...changes.keys()]).toEqual([names[1], names[2]]);
    expect(shown(setSysctls(changes, (name) => name === names[1]))).toEqual([`sysctl -p -; ${names[1]} = 1`]);
    expect(setSysctls(changes, () => false)).toEqual([]);
  });

  it("that no other program needs are those of IPVS, and route_localnet", () => {
    expect(names.map(isOnlyOurs)).toEqual([false, true, true]);
  });

  const state = (guards: readonly string[], more: Partial<OwnedState> = {}, isShared = false): OwnedState => {
    const chains = new Map([["KUBE-FIREWALL", guards]]);
    const ipv4 = { tables: new Map([["filter", { ...emptyTable, chains }]]), isShared };
    return { ...nothingOwned, rules: { ipv4, ipv6: undefined }, sysctls: all("1"), ...more };
  };
  const guard = ["-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -j DROP"];
  const bound = { addresses: addresses(one) };

  it.each([
    ["nothing goes", state(guard, bound), state(guard, bound), false, []],
    ["the service addresses go", state([]), state([], bound), false, ["net.ipv4.vs.conntrack"]],
    ["they go, and others use IPVS", state([]), state([], bound), true, []],
    ["they were never there", state([]), state([]), false, []],
    ["the guard goes", state([]), state(guard), false, [routeLocalnet]],
    ["the guard goes, and all rules", nothingOwned, state(guard), false, [routeLocalnet]],
    ["there was no guard", state([]), state([]), false, []],
    ["the guard comes", state(guard), state([]), false, []],
    ["the guard is a kubelet's as well", state([]), state(guard, {}, true), false, []],
  ])("are reset when %s", (...[, desired, live, hasForeignServers, reset]) => {
    expect([...staleSysctls(desired, live, hasForeignServers)]).toEqual(reset.map((name) => [name, "0"]));
  });
});

it("counters are made and deleted one by one", () => {
  expect(shown(addCounters(["a", "b"]))).toEqual(["nfacct add a", "nfacct add b"]);
  expect(shown(deleteCounters(["a"]))).toEqual(["nfacct delete a"]);
});
