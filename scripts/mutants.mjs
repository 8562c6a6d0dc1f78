#!/usr/bin/env node
// Mutates the core, one change at a time, and runs the tests that reach the change: a mutant that no test kills is a
// missing test. Prints the survivors with their places, and at the end the score.
// npm run mutants -- [--count 1500] [--seed N] [--minutes 60] [--since REF] [--jobs N] [--unit] [PATH]...
// PATH: files, FILE:LINE or folders of src/ (default: those of `mutated` below). --since: only files that changed since that commit.
// --unit: unit tests only, which are fast to measure.
// Mutants that cannot be told from the original are argued in mutation/equivalent.json and left out of the score.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { listMutants, writeMutants } from "./mutation/instrument.mjs";
import { inTurn, measure, testMutant } from "./mutation/run-tests.mjs";
import { Runner } from "./mutation/runner.mjs";
import { compileTests, makeSandbox } from "./mutation/sandbox.mjs";

const mutated = ["src/plan", "src/programs", "src/reconcile", "src/datapath", "src/languages"];

const isAlive = (verdict) => verdict === "survived" || verdict === "not reached";

const equivalent = JSON.parse(readFileSync(new URL("mutation/equivalent.json", import.meta.url), "utf8"));

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "1500" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "60" },
    since: { type: "string" },
    unit: { type: "boolean", default: false },
    jobs: { type: "string", default: String(Math.min(availableParallelism(), 4)) },
  },
});

const end = Date.now() + Number(flags.minutes) * 60_000;
const folder = mkdtempSync(join(tmpdir(), "portolan-mutants-"));
// What the tests leave behind goes with it.
process.env.TMPDIR = folder;
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
process.exitCode = await main();

async function main() {
  const paths = positionals.length > 0 ? positionals : mutated;
  const files = flags.since === undefined ? paths : changedFiles(flags.since, paths);
  if (files.length === 0) {
    console.log(`no file of ${paths.join(", ")} has changed since ${flags.since}: no mutants`);
    return 0;
  }
  const all = await mutantsAt(files);
  const sample = pick(all, Number(flags.count), flags.seed);
  console.log(`${all.length} mutants, ${sample.length} of them tried (seed ${flags.seed})`);
  const plan = await prepare(sample);
  const runners = Array.from({ length: Number(flags.jobs) }, () => new Runner(plan.file));
  try {
    const measured = await measure(runners, plan.tests);
    return report(await tryAll(runners, { mutants: plan.mutants, measured }), sample.length);
  } finally {
    for (const runner of runners) runner.stop();
  }
}

async function mutantsAt(paths) {
  const places = paths.map((path) => path.split(":"));
  const isMeant = (mutant) =>
    places.some(([path, line]) => mutant.file.startsWith(path) && (line === undefined || Number(line) === mutant.line));
  return (await listMutants([...new Set(places.map(([path]) => path))])).filter(isMeant);
}

/** Writes the mutants and the tests into the sandbox, and into a file there what its processes need to know. */
async function prepare(sample) {
  makeSandbox(folder);
  const written = new Map((await writeMutants(folder, sample)).map((mutant) => [mutant.name, mutant]));
  // In the order of the sample, so that those tried are a sample where time runs out.
  const mutants = sample.flatMap(({ name }) => written.get(name) ?? []);
  const tests = compileTests(folder, { isUnitOnly: flags.unit });
  const file = join(folder, "plan.json");
  const needs = Object.fromEntries(tests.map((one) => [one.file, one.needs]));
  writeFileSync(file, JSON.stringify({ needs, sample: mutants.map(({ id }) => id) }));
  return { file, tests, mutants };
}

function changedFiles(since, paths) {
  const changed = execFileSync("git", ["diff", "--name-only", "--diff-filter=d", since, "--", ...paths], {
    encoding: "utf8",
  });
  return changed.split("\n").filter((path) => path.endsWith(".ts"));
}

/** A sample that the seed decides, in random order. */
function pick(mutants, count, seed) {
  const keyed = mutants.map((mutant) => ({ mutant, key: scramble(`${seed} ${mutant.name}`) }));
  return keyed
    .sort((a, b) => a.key - b.key)
    .slice(0, count)
    .map(({ mutant }) => mutant);
}

/** FNV-1a, then the finalizer of MurmurHash3, so that close names lie far apart. */
function scramble(text) {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

async function tryAll(runners, { mutants, measured }) {
  const results = [];
  await inTurn(runners, mutants, async (runner, mutant) => {
    if (Date.now() > end) return;
    const script = join(folder, mutant.file.replace(/ts$/, "js"));
    const siblings = mutants.filter(({ file }) => file === mutant.file).map(({ id }) => id);
    const verdict = await testMutant(runner, { id: mutant.id, script, siblings }, measured);
    results.push({ mutant, verdict });
    if (isAlive(verdict) && !isArgued(mutant))
      console.log(`${mutant.file}:${mutant.line}: ${verdict}\n  - ${mutant.from}\n  + ${mutant.to}`);
    if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${mutants.length}`);
  });
  return results;
}

/** Argued to be no different from the original. */
function isArgued(mutant) {
  return equivalent.some((known) => ["file", "code", "from", "to"].every((key) => known[key] === mutant[key]));
}

function report(results, asked) {
  const alive = results.filter(({ verdict }) => isAlive(verdict));
  const survivors = alive.filter(({ mutant }) => !isArgued(mutant));
  const count = (of) => results.filter(({ verdict }) => verdict === of).length;
  const counted = results.length - (alive.length - survivors.length);
  const killed = counted - survivors.length;
  if (results.length < asked)
    console.log(`stopped after ${flags.minutes} minutes: ${asked - results.length} mutants not tried`);
  console.log(
    `${killed} killed (${count("timed out")} by a timeout), ${count("survived")} survived, ${count("not reached")} not reached, ` +
      `${alive.length - survivors.length} argued equivalent: ${((100 * killed) / Math.max(counted, 1)).toFixed(1)}% of ${counted}`,
  );
  return 0;
}
