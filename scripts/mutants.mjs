#!/usr/bin/env node
// Mutates the core, one change at a time, and runs the tests that reach the change: a mutant that no test kills is a
// missing test. Prints the survivors with their places, then the score.
// npm run mutants -- [--count 1500] [--seed N] [--minutes 60] [--since REF] [--jobs N] [PATH]...
// PATH: files or folders of src/ (default: those of `mutated` below). --since: only files that changed since that commit.
// Mutants that cannot be told from the original are argued in mutation/equivalent.json and left out of the score.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureCoverage, testMutant } from "./mutation/run-tests.mjs";
import { makeSandbox } from "./mutation/sandbox.mjs";

const mutated = ["src/plan", "src/programs", "src/reconcile", "src/datapath", "src/languages"];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "1500" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "60" },
    since: { type: "string" },
    jobs: { type: "string", default: String(Math.min(availableParallelism(), 4)) },
  },
});

const end = Date.now() + Number(flags.minutes) * 60_000;
const folder = mkdtempSync(join(tmpdir(), "portolan-mutants-"));
try {
  process.exitCode = await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const paths = positionals.length > 0 ? positionals : mutated;
  const files = flags.since === undefined ? paths : changedFiles(flags.since, paths);
  if (files.length === 0) {
    console.log(`no file of ${paths.join(", ")} has changed since ${flags.since}: no mutants`);
    return 0;
  }
  const all = await makeSandbox(folder, files);
  const sample = pick(all, Number(flags.count), flags.seed);
  console.log(`${all.length} mutants, ${sample.length} of them tried (seed ${flags.seed})`);
  const coverage = measureCoverage(folder);
  const results = await testAll(sample, coverage);
  return report(results, sample.length);
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

async function testAll(sample, coverage) {
  const waiting = [...sample];
  const results = [];
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined && Date.now() < end; mutant = waiting.shift()) {
      const tests = coverage.filter(({ ids }) => ids.has(mutant.id));
      const verdict = tests.length === 0 ? "not reached" : await testMutant(folder, mutant, tests);
      results.push({ mutant, verdict });
      if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${sample.length}`);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, work));
  return results;
}

function report(results, asked) {
  const equivalent = JSON.parse(readFileSync(new URL("mutation/equivalent.json", import.meta.url), "utf8"));
  const isArgued = ({ mutant }) =>
    equivalent.some(({ file, from, to }) => file === mutant.file && from === mutant.from && to === mutant.to);
  const alive = results.filter(({ verdict }) => verdict === "survived" || verdict === "not reached");
  const survivors = alive.filter((one) => !isArgued(one));
  for (const { mutant, verdict } of survivors.sort((a, b) => (a.mutant.name < b.mutant.name ? -1 : 1)))
    console.log(`${mutant.file}:${mutant.line}: ${verdict}\n  - ${mutant.from}\n  + ${mutant.to}`);
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
