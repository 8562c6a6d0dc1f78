import { describe, expect, test } from "vitest";
import { type Application, applyChanges } from "../../../../src/app/apply-changes.ts";
import type { Run } from "../../../../src/host/run-step.ts";
import { collectedDocument, collectHeadings } from "../../../../src/reconcile/live/collected-document.ts";

import { parseHostState } from "../../../../src/reconcile/live/host-state.ts";
import { ownedOnHost } from "../../../../src/reconcile/live/live-state.ts";
import type { OwnedState } from "../../../../src/reconcile/owned-state.ts";
import { planChanges, settingsBefore } from "../../../../src/reconcile/plan-changes.ts";
import { SimulatedHost } from "../../../harness/simulated-host.ts";
import { type Mode, wantedState } from "../../../harness/transition-states.ts";

const backends = { ipv4: "legacy", ipv6: "legacy" } as const;
const quiet = { onProgress: () => {}, interrupted: () => undefined };
const reached = (run: Run) => ({ run, exists: () => true });

/** A runner on a simulated host that keeps what it was asked to run, and spoils one step if told to. */
function recordingRunner(host: SimulatedHost, spoil?: (index: number, act: () => void) => string | undefined) {
  const steps: string[] = [];
  const run: Run = async (argv, stdin) => {
    const command = argv.join(" ");
    const known = collectHeadings.find((one) => one === command);
    if (known !== undefined) {
      // Of the commands that read, IPVS's is a step as well: it has the kernel load what it reads.
      const { texts, failures } = host.dump();
      if (command === "ipvsadm -Sn") host.run({ purpose: "", argv, stdin });
      return { stdout: texts[known] ?? "", stderr: "", failure: failures[known] };
    }
    steps.push(command);
    const act = () => host.run({ purpose: "", argv, stdin });
    try {
      const failure = spoil?.(steps.length, act);
      if (failure !== undefined) return { stdout: "", stderr: failure, failure };
      if (spoil === undefined) act();
      return { stdout: "", stderr: "", failure: undefined };
    } catch (error) {
      return { stdout: "", stderr: "", failure: String(error) };
    }
  };
  return { run, steps };
}

function applicationOf(host: SimulatedHost, wanted: OwnedState): Application {
  const { state } = parseHostState(collectedDocument(host.dump()));
  const ownership = { desiredServers: new Set(wanted.servers.keys()), excluded: [] };
  const found = ownedOnHost(state, ownership);
  const { steps, changes } = planChanges(wanted, found, { backends, flows: [] });
  const before = { ...found, sysctls: settingsBefore(found, changes) };
  const known = { ...ownership, desiredServers: new Set([...wanted.servers.keys(), ...found.servers.keys()]) };
  return { wanted, before, steps, ownership: known, backends, udpServices: [] };
}

const near = "10.244.0.5";
const far = "10.244.1.5";
const first = (mode: Mode) =>
  wantedState({ web: { type: "NodePort", endpoints: [near] }, api: { endpoints: [] } }, { mode });
const second = (mode: Mode) =>
  wantedState(
    { web: { type: "NodePort", endpoints: [near, far] }, mail: { type: "LoadBalancer", endpoints: [far] } },
    { mode },
  );

async function hostWith(wanted: OwnedState): Promise<SimulatedHost> {
  const host = new SimulatedHost();
  host.timeouts = "900 120 300";
  for (const name of ["conntrack", "expire_nodest_conn", "expire_quiescent_template"]) {
    host.sysctls.set(`net.ipv4.vs.${name}`, "0");
  }
  const { run } = recordingRunner(host);
  expect(await applyChanges(applicationOf(host, wanted), { ...quiet, host: reached(run) })).toEqual({
    kind: "applied",
  });
  return host;
}

/** What is on it, whatever the order it was made in. */
const contents = (host: SimulatedHost) => {
  const { texts } = host.dump();
  const lines = [host.save("ipv4"), texts["ipset save"], texts["ipvsadm -Sn"], texts["nft list ruleset"]]
    .join("")
    .split("\n")
    // A table of iptables that holds nothing is as good as none.
    .filter((line) => !/^(\*\w+|:[A-Z]+ ACCEPT .*|COMMIT|)$/.test(line));
  return [...lines.sort(), ...[...(host.addresses ?? ["none"])].sort(), ...[...host.sysctls].sort()].map(String);
};

const changes: readonly (readonly [Mode, Mode])[] = [
  ["iptables", "iptables"],
  ["ipvs", "ipvs"],
  ["iptables", "ipvs"],
  ["ipvs", "iptables"],
  ["nftables", "nftables"],
  ["iptables", "nftables"],
  ["nftables", "iptables"],
  ["ipvs", "nftables"],
  ["nftables", "ipvs"],
];

describe.each(changes)("applying, from %s to %s mode", (from, to) => {
  test("runs the steps of the plan, in order, and nothing else", async () => {
    const host = await hostWith(first(from));
    const application = applicationOf(host, second(to));
    const { run, steps } = recordingRunner(host);
    expect(await applyChanges(application, { ...quiet, host: reached(run) })).toEqual({ kind: "applied" });
    const changing = application.steps.map(({ argv }) => argv.join(" ")).filter((command) => command !== "ipvsadm -Sn");
    expect(steps).toEqual(changing);
    const again = applicationOf(host, second(to));
    expect(again.steps).toEqual([]);
  });

  test.each(["before", "after"])("a step that fails %s it did its work: the host is as it was", async (when) => {
    const planned = applicationOf(await hostWith(first(from)), second(to)).steps;
    for (let at = 1; at <= planned.length; at++) {
      if (planned[at - 1]?.mayFail === true) continue;
      const host = await hostWith(first(from));
      const before = contents(host);
      const { run, steps } = recordingRunner(host, (index, act) => {
        if (index !== at || when === "after") act();
        return index === at ? "made to fail" : undefined;
      });
      const outcome = await applyChanges(applicationOf(host, second(to)), { ...quiet, host: reached(run) });
      if (steps.length < at) break;
      expect(outcome).toMatchObject({ kind: "rolled-back", failure: { message: "made to fail" } });
      expect(contents(host), `step ${at}`).toEqual(before);
    }
  });

  test("a step that says it worked and did nothing is found out", async () => {
    const host = await hostWith(first(from));
    const before = contents(host);
    const { run } = recordingRunner(host, (index, act) => {
      if (index !== 1) act();
      return undefined;
    });
    const outcome = await applyChanges(applicationOf(host, second(to)), { ...quiet, host: reached(run) });
    expect(outcome.kind).toBe("rolled-back");
    expect(contents(host)).toEqual(before);
  });

  test("an interrupt between any two steps, or after the last, leads back", async () => {
    const count = applicationOf(await hostWith(first(from)), second(to)).steps.length;
    for (let at = 0; at <= count; at++) {
      const host = await hostWith(first(from));
      const before = contents(host);
      const { run, steps } = recordingRunner(host);
      const interrupted = () => (steps.length >= at ? "interrupted by SIGINT" : undefined);
      const outcome = await applyChanges(applicationOf(host, second(to)), {
        ...quiet,
        host: reached(run),
        interrupted,
      });
      expect(outcome).toMatchObject({ kind: "rolled-back", failure: { isInterrupt: true } });
      expect(contents(host)).toEqual(before);
    }
  });
});

test("a host that cannot be read again is neither done nor as it was", async () => {
  const host = await hostWith(first("iptables"));
  const application = applicationOf(host, second("iptables"));
  const { run } = recordingRunner(host);
  const blind: Run = async (argv, stdin) =>
    argv[0] === "iptables-save" ? { stdout: "", stderr: "", failure: "exit 1: no" } : run(argv, stdin);
  expect(await applyChanges(application, { ...quiet, host: reached(blind) })).toMatchObject({
    kind: "broken",
    failure: { message: expect.stringContaining("cannot be read again") },
  });
});

describe("a rollback is believed after a reading only:", () => {
  test("one whose steps say that they worked and did nothing", async () => {
    const host = await hostWith(first("iptables"));
    const application = applicationOf(host, second("iptables"));
    const { run } = recordingRunner(host, (index, act) => {
      if (index < application.steps.length) act();
      return index === application.steps.length ? "made to fail" : undefined;
    });
    expect(await applyChanges(application, { ...quiet, host: reached(run) })).toMatchObject({
      kind: "broken",
      failure: { message: "made to fail" },
      rollbackFailure: expect.stringContaining("the host does not match its backup: still to do: "),
    });
  });

  test("one after which the host cannot be read", async () => {
    const host = await hostWith(first("iptables"));
    const application = applicationOf(host, second("iptables"));
    const failing = application.steps.length;
    const { run, steps } = recordingRunner(host, (index, act) => {
      if (index !== failing) act();
      return index === failing ? "made to fail" : undefined;
    });
    const blind: Run = async (argv, stdin) =>
      argv[0] === "iptables-save" && steps.length > failing
        ? { stdout: "", stderr: "", failure: "exit 1: no" }
        : run(argv, stdin);
    expect(await applyChanges(application, { ...quiet, host: reached(blind) })).toMatchObject({
      kind: "broken",
      rollbackFailure: expect.stringContaining("cannot be read again"),
    });
  });
});
