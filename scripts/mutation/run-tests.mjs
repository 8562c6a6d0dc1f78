import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Not npx, which takes half a second to find it. */
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "scripts/mutation/vitest.config.ts"];

/** Which tests reach which mutants: `{ file, ms, ids }` for each test file, the fastest first. */
export function measureCoverage(folder) {
  const into = join(folder, "coverage");
  mkdirSync(into);
  const env = { ...process.env, PORTOLAN_MUTANT_COVERAGE: into };
  const { status, stdout, stderr } = spawnSync(process.execPath, vitest, {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the tests fail without a mutant:\n${stdout}${stderr}`);
  return readdirSync(into)
    .map((name) => JSON.parse(readFileSync(join(into, name), "utf8")))
    .map(({ file, ms, ids }) => ({ file, ms, ids: new Set(ids) }))
    .sort((a, b) => a.ms - b.ms);
}

/** Runs tests with one mutant active: `killed`, `survived` or `timed out`, which kills as well. */
export async function testMutant(folder, { id }, tests) {
  const env = { ...process.env, __STRYKER_ACTIVE_MUTANT__: id };
  const files = tests.map(({ file }) => file);
  // A mutant may loop for ever; busy machines are slow.
  const patience = 60_000 + 10 * tests.reduce((sum, { ms }) => sum + ms, 0);
  const args = [...vitest, "--bail", "1", "--no-file-parallelism", ...files];
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: "ignore", detached: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    process.kill(-child.pid, "SIGKILL");
  }, patience);
  const status = await new Promise((resolve) => child.on("exit", resolve));
  clearTimeout(timer);
  return isLate ? "timed out" : status === 0 ? "survived" : "killed";
}
