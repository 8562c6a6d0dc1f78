import { expect, it } from "vitest";
import { fuzzPlanFiles } from "../../../scripts/fuzz/plan-files.mjs";
import { applyState } from "../../../src/app/apply.ts";
import { Failure } from "../../../src/app/effects.ts";
import { planHost } from "../../../src/app/plan.ts";
import { planDocument, printPlan } from "../../../src/app/saved-plan.ts";
import { failureExitCodes } from "../../../src/cli/exit-codes.ts";
import { compile } from "../../../src/index.ts";
import { sysctlCommand } from "../../../src/languages/sysctl.ts";

const product = { applyState, Failure, planHost, planDocument, printPlan, failureExitCodes, compile, sysctlCommand };

it("of 400 mutated plan files none runs what Portolan did not plan, and none ends with an exception", async () => {
  const { codes, problems } = await fuzzPlanFiles(product, { count: 400, seed: 14 });
  expect(problems).toEqual([]);
  expect([...codes.keys()].sort()).toEqual(expect.arrayContaining([0, 3, 7]));
});
