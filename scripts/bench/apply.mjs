import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printRow, ratio, spelled, summary } from "./figures.mjs";
import { whyNoHost, withHost } from "./host.mjs";
import { bytesOf, expectEqual, rulesOn, runSteps, stepsTo } from "./host-rules.mjs";
import { emitCluster, parseSize, wallTime, writeConfiguration } from "./measure.mjs";
import { partialSync } from "./partial-sync.mjs";

const changeSize = "10000x10";
const restore = ["iptables-restore", "--noflush", "--wait", "5"];

const oneRule = "*nat\n:PORTOLAN-BENCH - [0:0]\n-A PORTOLAN-BENCH -j RETURN\nCOMMIT\n";
const oneRuleLess = "*nat\n:PORTOLAN-BENCH - [0:0]\n-X PORTOLAN-BENCH\nCOMMIT\n";

const fullHeading = `
All rules onto a host without any, by iptables-nft: the processes alone, without planning. Portolan's are the steps of
its plan; kube-proxy's is one iptables-restore of what \`compile\` prints, which is rule for rule what kube-proxy sends.
Each once; the ratio falls with the size, and is to be at most 0.03 at 5,000 x 10.

| services x endpoints | kube-proxy s | Portolan s | ratio | kube-proxy MB | Portolan MB |
|---|---|---|---|---|---|`;

const changeHeading = `
One endpoint gets another address, there and back: the processes alone. kube-proxy's is its partial sync, all of
KUBE-SERVICES and the chains of the Service, made from what \`compile\` prints. To be at most 0.05 with nft. The floor is
what it takes to put one rule into a nat chain that nothing leads to: the kernel goes through the whole table for it.

| services x endpoints, back end | kube-proxy ms | Portolan ms | ratio | floor ms | kube-proxy bytes | Portolan bytes |
|---|---|---|---|---|---|---|`;

const planHeading = `
The whole command \`plan\`, text output; beside it iptables-save, which it runs. The difference is to be at most 3 s;
so is a plan from what \`collect\` wrote, which runs no iptables-save.

| services x endpoints, back end | the host has | plan ms | iptables-save ms | difference ms | plan --actual ms |
|---|---|---|---|---|---|`;

/** Prints what it takes to bring rules onto a host, or why that cannot be measured here. */
export async function reportApply(oracle, { folder, runs, sizes }) {
  const reason = whyNoHost();
  if (reason !== undefined) {
    console.error(`SKIPPED: the time it takes to apply: ${reason}`);
    return;
  }
  console.log(fullHeading);
  for (const size of sizes) await compareFull(oracle, size, folder);
  const size = parseSize(changeSize);
  const states = makeStates(emitCluster(oracle, size, "iptables", folder), folder);
  const planRows = [];
  console.log(changeHeading);
  for (const backend of ["nft", "legacy"]) {
    const name = `${size.name}, ${backend}`;
    await withHost(backend, folder, (host) => {
      const planRow = (has, state) => [name, has, ...measurePlan(host, state, { folder, runs })];
      planRows.push(planRow("no rules", states.before));
      runSteps(host, stepsTo(host, states.before));
      printRow([name, ...compareChange(host, states, runs)]);
      planRows.push(planRow("all rules as wanted", states.before), planRow("one other endpoint", states.after));
    });
  }
  console.log(planHeading);
  for (const row of planRows) printRow(row);
}

async function compareFull(oracle, size, folder) {
  const state = stateOf(emitCluster(oracle, size, "iptables", folder), folder);
  const ours = await withHost("nft", folder, (host) => {
    const steps = stepsTo(host, state);
    return { milliseconds: runSteps(host, steps), bytes: bytesOf(steps), rules: rulesOn(host) };
  });
  await withHost("nft", folder, (host) => {
    const input = state.rules + state.jumps;
    const { milliseconds } = host.run(restore, { input });
    const megabytes = [input.length, ours.bytes].map((bytes) => (bytes / 1e6).toFixed(1));
    const seconds = [milliseconds, ours.milliseconds].map((time) => (time / 1000).toFixed(2));
    printRow([size.name, ...seconds, (ours.milliseconds / milliseconds).toFixed(4), ...megabytes]);
    expectEqual(rulesOn(host), ours.rules);
  });
}

/** In turn, so that a busy minute hits both; each there and back, so that every run begins with the same rules. */
function compareChange(host, { before, after }, runs) {
  const found = rulesOn(host);
  const there = { ours: stepsTo(host, after), theirs: partialSync(before.rules, after.rules) };
  runSteps(host, there.ours);
  const changed = rulesOn(host);
  const back = { ours: stepsTo(host, before), theirs: partialSync(after.rules, before.rules) };
  runSteps(host, back.ours);
  expectEqual(rulesOn(host), found);
  const times = { ours: [], theirs: [], floor: [] };
  for (let run = 0; run < runs; run += 1) {
    times.theirs.push(host.run(restore, { input: there.theirs }).milliseconds);
    if (run === 0) expectEqual(rulesOn(host), changed);
    times.ours.push(runSteps(host, back.ours), runSteps(host, there.ours));
    times.theirs.push(host.run(restore, { input: back.theirs }).milliseconds);
    times.floor.push(host.run(restore, { input: oneRule }).milliseconds);
    host.run(restore, { input: oneRuleLess });
  }
  expectEqual(rulesOn(host), found);
  const [ours, theirs, floor] = [times.ours, times.theirs, times.floor].map(summary);
  const bytes = [there.theirs.length, bytesOf(there.ours)];
  return [spelled(theirs), spelled(ours), ratio(ours, theirs, 3), spelled(floor), ...bytes];
}

function measurePlan(host, state, { folder, runs }) {
  const dump = join(folder, "collected.txt");
  writeFileSync(dump, host.portolan(["collect"]).stdout);
  const whole = [];
  const saves = [];
  const fromDump = [];
  for (let run = 0; run < runs; run += 1) {
    whole.push(host.portolan(["plan", ...state.flags]).milliseconds);
    saves.push(host.run(["iptables-save"]).milliseconds);
    fromDump.push(host.portolan(["plan", ...state.flags, "--actual", dump]).milliseconds);
  }
  const rest = whole.map((milliseconds, run) => milliseconds - saves[run]);
  return [whole, saves, rest, fromDump].map((values) => spelled(summary(values)));
}

/** A cluster, and the same with another address for one endpoint. */
function makeStates(file, folder) {
  const cluster = JSON.parse(readFileSync(file, "utf8"));
  const slices = cluster.items.filter(({ kind }) => kind === "EndpointSlice");
  slices[Math.floor(slices.length / 2)].endpoints[0].addresses = ["100.120.0.1"];
  const changedFile = join(folder, "changed.json");
  writeFileSync(changedFile, JSON.stringify(cluster));
  return { before: stateOf(file, folder), after: stateOf(changedFile, folder) };
}

/** The flags that name a cluster's state, and its compiled text. */
function stateOf(file, folder) {
  const flags = ["-f", file, "--node", "node-0", "--proxy-config", writeConfiguration("iptables", folder)];
  const out = join(folder, "compiled");
  wallTime(["compile", ...flags, "--out-dir", out]);
  const [rules, jumps] = ["restore", "jumps"].map((name) => readFileSync(join(out, `iptables.${name}`), "utf8"));
  return { flags, rules, jumps };
}
