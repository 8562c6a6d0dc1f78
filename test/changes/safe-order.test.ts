import { describe, expect, test } from "vitest";
import { parseHostState } from "../../src/changes/host-state.ts";
import { ownedOnHost } from "../../src/changes/owned-on-host.ts";
import { nothingOwned, type OwnedState } from "../../src/changes/owned-state.ts";
import { planChanges } from "../../src/changes/plan-changes.ts";
import { printOutcomes, type TracedOutcome } from "../evaluate/trace.ts";
import { allPackets, type Mode, type StateOptions, type StateShape, wantedState } from "./cluster-states.ts";
import { SimulatedHost } from "./simulated-host.ts";

const near = "10.244.0.5";
const far = "10.244.1.5";
const further = "10.244.1.6";
const others: StateShape = { api: { type: "NodePort", endpoints: [near, far] } };

/** What may happen to a Service, from one to the other and back. */
const transitions: Readonly<Record<string, readonly [StateShape, StateShape]>> = {
  "a Service comes": [{}, { web: { endpoints: [near, far] } }],
  "a Service of every kind of address comes": [
    {},
    { web: { type: "LoadBalancer", endpoints: [near, far], externalIp: "198.18.0.1", ranges: ["198.51.100.0/24"] } },
  ],
  "an endpoint is replaced": [{ web: { endpoints: [near, far] } }, { web: { endpoints: [near, further] } }],
  "an endpoint comes": [{ web: { endpoints: [far] } }, { web: { endpoints: [far, further] } }],
  "all endpoints go": [{ web: { type: "NodePort", endpoints: [far] } }, { web: { type: "NodePort", endpoints: [] } }],
  "the node's own endpoint goes": [
    { web: { type: "LoadBalancer", external: "Local", endpoints: [near, far] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [far] } },
  ],
  "endpoints come only elsewhere": [
    { web: { type: "LoadBalancer", external: "Local", endpoints: [] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [far] } },
  ],
  "it opens a node port": [{ web: { endpoints: [near] } }, { web: { type: "NodePort", endpoints: [near] } }],
  "it becomes a load balancer": [
    { web: { type: "NodePort", endpoints: [near] } },
    { web: { type: "LoadBalancer", endpoints: [near] } },
  ],
  "sources are restricted": [
    { web: { type: "LoadBalancer", endpoints: [far] } },
    { web: { type: "LoadBalancer", endpoints: [far], ranges: ["198.51.100.0/24", "192.0.2.10/32"] } },
  ],
  "the external policy turns Local": [
    { web: { type: "LoadBalancer", endpoints: [near, far] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [near, far] } },
  ],
  "the internal policy turns Local": [
    { web: { endpoints: [near, far] } },
    { web: { internal: "Local", endpoints: [near, far] } },
  ],
  "the internal policy turns Local, without an endpoint here": [
    { web: { endpoints: [far] } },
    { web: { internal: "Local", endpoints: [far] } },
  ],
  "it gets affinity": [{ web: { endpoints: [near, far] } }, { web: { affinity: true, endpoints: [near, far] } }],
  "an external IP moves to another Service": [
    { web: { endpoints: [near], externalIp: "198.18.0.1" }, mail: { endpoints: [far] } },
    { web: { endpoints: [near] }, mail: { endpoints: [far], externalIp: "198.18.0.1" } },
  ],
};

const modes: readonly Mode[] = ["iptables", "ipvs"];

type Allows = (
  now: readonly TracedOutcome[],
  before: readonly TracedOutcome[],
  after: readonly TracedOutcome[],
) => boolean;

/** The nat table changes in one transaction, so shares are those of before or of after as well. */
const exactly: Allows = (now, before, after) =>
  [before, after].some((side) => printOutcomes(side) === printOutcomes(now));

/**
 * IPVS takes one command at a time. While real servers change, a packet goes to one of before or of after; and a
 * virtual server that is new has none for a moment, in which it refuses what nobody served before.
 */
const byVerdict: Allows = (now, before, after) => {
  const allowed = new Set([...before, ...after].map(verdictText));
  if (before.every(isUntouched)) allowed.add("rejected");
  return now.every((outcome) => allowed.has(verdictText(outcome)));
};

/** Whoever was refused before may be served early, or refused in another way. */
const unlessRefused: Allows = (now, before, after) =>
  byVerdict(now, before, after) ||
  [before, after].some((side) => side.every(({ verdict }) => verdict.kind !== "delivered"));

function isUntouched({ verdict }: TracedOutcome): boolean {
  return verdict.kind === "untouched";
}

/** Nobody serves it: then it does not matter which source it would carry on its way. */
function verdictText({ verdict }: TracedOutcome): string {
  return verdict.kind === "untouched"
    ? verdict.kind
    : JSON.stringify(verdict).replace(/^{"kind":"(rejected|dropped)"}$/, "$1");
}

/** Leads a simulated host from one state to another and looks at all packets after each thing that changes. */
function lead(host: SimulatedHost, wanted: OwnedState, allows?: Allows): readonly string[] {
  const { steps } = planFor(host, wanted);
  const packets = allows === undefined ? [] : allPackets();
  const look = () => packets.map((packet) => host.trace(packet));
  const before = look();
  const seen: {
    readonly moment: number;
    readonly what: string;
    readonly outcomes: readonly (readonly TracedOutcome[])[];
  }[] = [];
  let purpose = "";
  host.observe = () => seen.push({ moment: seen.length, what: purpose, outcomes: look() });
  for (const step of steps) {
    purpose = step.purpose;
    host.run(step);
  }
  host.observe = () => {};
  const after = look();
  return seen.flatMap(({ moment, what, outcomes }) =>
    outcomes.flatMap((now, index) => {
      const [first, last] = [before[index] ?? [], after[index] ?? []];
      if (allows?.(now, first, last) ?? true) return [];
      const { entry, source, destination, port } = packets[index] as (typeof packets)[number];
      const packet = `${moment} (${what}): ${entry} ${source} -> ${destination}:${port}: ${printOutcomes(now)}`;
      return [`${packet}\n  before ${printOutcomes(first)}\n  after  ${printOutcomes(last)}`];
    }),
  );
}

function planFor(host: SimulatedHost, wanted: OwnedState) {
  const { state, problems } = parseHostState(host.dump());
  expect(problems).toEqual([]);
  const found = ownedOnHost(state, { wantedServers: new Set(wanted.servers.keys()), excluded: [] });
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

  test("a packet is treated as before or as after", () => {
    const [iptables, ipvs] = modes.map((mode) => wantedState(shape, { mode })) as [OwnedState, OwnedState];
    const host = startWith(iptables);
    expect(lead(host, ipvs, unlessRefused)).toEqual([]);
    expect(lead(host, iptables, unlessRefused)).toEqual([]);
  });

  test("nothing of the other mode stays", () => {
    for (const [from, to] of [modes, [...modes].reverse()] as [Mode, Mode][]) {
      const direct = startWith(wantedState(shape, { mode: to }));
      const host = startWith(wantedState(shape, { mode: from }));
      lead(host, wantedState(shape, { mode: to }));
      const [got, expected] = [host, direct].map((one) => parseHostState(one.dump()).state);
      const names = (state: typeof got) =>
        [...(state?.rules.ipv4?.texts.tables ?? [])].map(([table, chains]) => [table, [...chains.keys()].sort()]);
      expect(names(got)).toEqual(names(expected));
      expect([...host.sets.keys()].sort()).toEqual([...direct.sets.keys()].sort());
      expect([host.servers.size, host.addresses?.size]).toEqual([direct.servers.size, direct.addresses?.size]);
    }
  });

  test.each(modes)("from %s to nothing, nothing stays", (mode) => {
    const host = startWith(wantedState(shape, { mode }));
    expect(lead(host, nothingOwned, mode === "ipvs" ? byVerdict : exactly)).toEqual([]);
    expect(host.save("ipv4")).not.toContain("KUBE-");
    expect([host.sets.size, host.servers.size, host.addresses]).toEqual([0, 0, undefined]);
  });
});
