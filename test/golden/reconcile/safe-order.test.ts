import { describe, expect, test } from "vitest";
import { collectedDocument } from "../../../src/reconcile/live/collected-document.ts";
import { parseHostState } from "../../../src/reconcile/live/host-state.ts";
import { ownedOnHost } from "../../../src/reconcile/live/live-state.ts";
import { nothingOwned, type OwnedState } from "../../../src/reconcile/owned-state.ts";
import { planChanges } from "../../../src/reconcile/plan-changes.ts";
import { type Allows, byVerdict, exactly, runObserved, unlessRefused } from "../../harness/run-observed.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";
import {
  far,
  type Mode,
  near,
  others,
  type StateOptions,
  type StateShape,
  transitions,
  wantedState,
} from "../../harness/transition-states.ts";

const modes: readonly Mode[] = ["iptables", "ipvs", "nftables"];

/** Leads a simulated host from one state to another and looks at all packets after each thing that changes. */
function lead(host: SimulatedHost, wanted: OwnedState, allows?: Allows): readonly string[] {
  return runObserved(host, planFor(host, wanted).steps, allows);
}

function planFor(host: SimulatedHost, wanted: OwnedState) {
  const { state, problems } = parseHostState(collectedDocument(host.dump()));
  expect(problems).toEqual([]);
  const found = ownedOnHost(state, { desiredServers: new Set(wanted.servers.keys()), excluded: [] });
  return planChanges(wanted, found, { backends: { ipv4: host.backend, ipv6: host.backend }, flows: [] });
}

function startWith(state: OwnedState): SimulatedHost {
  const host = new SimulatedHost();
  lead(host, state);
  expect(planFor(host, state).steps, "as wanted once it is there").toEqual([]);
  return host;
}

describe.each(modes)("in %s mode, a packet is treated as before or as after when", (mode) => {
  const allows = mode === "ipvs" ? byVerdict : exactly;

  test.each(Object.entries(transitions))("%s", (_, [from, to]) => {
    const [first, second] = [from, to].map((shape) => wantedState({ ...others, ...shape }, { mode })) as [
      OwnedState,
      OwnedState,
    ];
    const host = startWith(first);
    expect(lead(host, second, allows)).toEqual([]);
    expect(planFor(host, second).steps).toEqual([]);
    expect(lead(host, first, allows), "and back").toEqual([]);
    expect(planFor(host, first).steps).toEqual([]);
  });

  test("the configuration changes", () => {
    const shape: StateShape = { ...others, web: { type: "LoadBalancer", endpoints: [near, far] } };
    const options: readonly StateOptions[] = [
      { mode },
      { mode, clusterCidr: "10.0.0.0/8" },
      { mode, masqueradeBit: 15 },
    ];
    for (const from of options) {
      for (const to of options)
        expect(lead(startWith(wantedState(shape, from)), wantedState(shape, to), allows)).toEqual([]);
    }
  });
});

describe("between the modes", () => {
  const shape: StateShape = {
    ...others,
    web: { type: "LoadBalancer", endpoints: [near, far], externalIp: "198.18.0.1", ranges: ["198.51.100.0/24"] },
    mail: { endpoints: [far], affinity: true },
  };

  const pairs = modes.flatMap((from) => modes.filter((to) => to !== from).map((to) => [from, to] as const));

  test.each(pairs)("from %s to %s a packet is treated as before or as after", (from, to) => {
    for (const first of ["iptables", "nftables"] as const) {
      const host = startWith(wantedState(shape, { mode: from }));
      host.first = first;
      expect(lead(host, wantedState(shape, { mode: to }), unlessRefused), `${first} first`).toEqual([]);
    }
  });

  test.each(pairs)("from %s to %s nothing of the other mode stays", (from, to) => {
    const direct = startWith(wantedState(shape, { mode: to }));
    const host = startWith(wantedState(shape, { mode: from }));
    lead(host, wantedState(shape, { mode: to }));
    const [got, expected] = [host, direct].map((one) => parseHostState(collectedDocument(one.dump())).state);
    const names = (state: typeof got) =>
      [...(state?.rules.ipv4?.tables ?? [])]
        .map(
          ([table, chains]) => [table, [...chains.keys()].filter((name) => name.startsWith("KUBE-")).sort()] as const,
        )
        .filter(([, chains]) => chains.length > 0);
    expect(names(got)).toEqual(names(expected));
    expect([...host.sets.keys()].sort()).toEqual([...direct.sets.keys()].sort());
    expect([host.servers.size, host.addresses?.size]).toEqual([direct.servers.size, direct.addresses?.size]);
    expect(host.nftables.names()).toBe(direct.nftables.names());
  });

  test.each(modes)("from %s to nothing, nothing stays", (mode) => {
    const host = startWith(wantedState(shape, { mode }));
    expect(lead(host, nothingOwned, mode === "ipvs" ? byVerdict : exactly)).toEqual([]);
    expect(host.save("ipv4")).not.toContain("KUBE-");
    expect([host.sets.size, host.servers.size, host.addresses]).toEqual([0, 0, undefined]);
    expect(host.nftables.names()).toBe("");
  });
});
