#!/usr/bin/env node
// Fuzzing of saved plans: mutated files, of which none may run what Portolan did not plan.
// node scripts/fuzz-plan-files.mjs [--count N] [--seed S]      after a build
import { parseArgs } from "node:util";
import { applyState } from "../dist/app/apply.js";
import { Failure } from "../dist/app/effects.js";
import { planHost } from "../dist/app/plan.js";
import { planDocument, printPlan } from "../dist/app/saved-plan.js";
import { failureExitCodes } from "../dist/cli/exit-codes.js";
import { compile } from "../dist/index.js";
import { sysctlCommand } from "../dist/languages/sysctl.js";
import { fuzzPlanFiles } from "./fuzz/plan-files.mjs";

const { values } = parseArgs({
  options: { count: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed) || seed < 0) {
  console.error("usage: node scripts/fuzz-plan-files.mjs [--count N] [--seed S]");
  process.exit(2);
}
const product = { applyState, Failure, planHost, planDocument, printPlan, failureExitCodes, compile, sysctlCommand };
const { codes, problems } = await fuzzPlanFiles(product, { count, seed });
for (const { number, name, problem, text } of problems.slice(0, 10)) {
  console.log(`mutation ${number} (${name}): ${problem}\n${text.slice(0, 2000)}`);
}
const counts = [...codes].sort(([a], [b]) => a - b).map(([code, times]) => `exit ${code}: ${times}`);
console.log(`${count} plan files (seed ${seed}): ${counts.join(", ")}; ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
