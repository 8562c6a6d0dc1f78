import { type Drift, narrowDrift, servicesOf, verifyHost } from "../check/verify.ts";
import { countHidden, type NotShown } from "../filter/narrowing.ts";
import type { ChangeStep } from "../ir/step.ts";
import { linesIn } from "../reconcile/attribution.ts";
import type { Effects } from "./effects.ts";
import { compileForHost } from "./host/desired.ts";
import { planFor } from "./host/planned.ts";
import { readHost } from "./host/read-host.ts";
import { narrowingOf } from "./narrowing.ts";
import type { PlanRequest } from "./plan.ts";

export interface VerifyResult {
  readonly node: string;
  readonly mode: string;
  /** Those that are shown, notes among them. */
  readonly findings: readonly Drift[];
  readonly notShown: NotShown | undefined;
  /** What would repair all of the drift. */
  readonly repair: readonly ChangeStep[];
}

/** Says how a host differs from what cluster state says. Changes nothing. */
export async function verifyState(request: PlanRequest, effects: Effects): Promise<VerifyResult> {
  const { state } = await readHost(request.actual, effects);
  effects.onProgress("compiling");
  const desired = await compileForHost(request, state, effects);
  effects.onProgress("comparing");
  const { plan, ofChain, found } = planFor(desired, state);
  const knowledge = { clusters: [desired.cluster], lines: () => linesIn(found) };
  const narrowing = narrowingOf(request, knowledge, effects);
  const all = verifyHost(plan.changes, state, ofChain, desired.ofLine);
  const { shown: findings, hidden } = narrowDrift(all, narrowing);
  const notShown = narrowing && countHidden(hidden, servicesOf, narrowing);
  const repair = plan.steps.filter(({ mayFail }) => mayFail !== true);
  return { node: desired.node, mode: desired.mode, findings, notShown, repair };
}
