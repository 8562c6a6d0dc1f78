import { followDrift } from "../check/attribute-traffic.ts";
import type { Drift } from "../check/drift.ts";
import { driftOfOtherRules, narrowDrift, servicesOf, verifyHost } from "../check/verify.ts";
import { countHidden, type NotShown, narrowItems } from "../filter/narrowing.ts";
import type { Step } from "../ir/artifact.ts";
import { linesIn } from "../reconcile/attribution.ts";
import type { ServiceChange } from "../reconcile/summarize-changes.ts";
import { type CompiledForHost, compileForHost, type HostStateRequest } from "./desired.ts";
import type { Effects } from "./effects.ts";
import { narrowingOf } from "./narrowing.ts";
import { changesOf, type Planned, planFor } from "./planned.ts";
import { type HostSource, readHost, refuseOtherRules, refuseUnknownRules } from "./read-host.ts";
import type { NarrowRequest } from "./requests.ts";

export interface PlanRequest extends HostStateRequest, NarrowRequest {
  /** Default: this host. */
  readonly actual?: HostSource;
}

export interface PlanResult {
  readonly planned: Planned;
  readonly compiled: CompiledForHost;
  /** Only the changes that are shown. */
  readonly changes: readonly ServiceChange[];
  readonly notShown: NotShown | undefined;
  /** Whether any of the shown changes needs a step. */
  readonly isToDo: boolean;
}

/** Plans the steps from the live state of a host to its desired state. Changes nothing. */
export async function planHost(request: PlanRequest, effects: Effects): Promise<PlanResult> {
  const { state, otherRules } = await readHost(request.actual, effects);
  refuseOtherRules({ otherRules }, effects);
  effects.onProgress("compiling");
  const desired = await compileForHost(request, state, effects);
  effects.onProgress("comparing");
  const planned = planFor(desired, state);
  noteUnread(planned, effects);
  const knowledge = { clusters: [desired.cluster], lines: () => linesIn(planned.found) };
  const narrowing = narrowingOf(request, knowledge, effects);
  const { shown: changes, hidden } = narrowItems(changesOf(planned), servicesOfChange, narrowing);
  const notShown = narrowing && countHidden(hidden, servicesOfChange, narrowing);
  const isToDo = planned.plan.steps.length > 0 && (hidden.length === 0 || changes.length > 0);
  return { planned, compiled: desired, changes, notShown, isToDo };
}

function noteUnread({ unread }: Planned, { onNotice }: Effects): void {
  if (unread.length === 0) return;
  onNotice({ kind: "note", text: `not in these texts, and not compared: ${unread.join(", ")}` });
}

function servicesOfChange({ service }: ServiceChange): readonly string[] {
  return [service];
}

export interface VerifyResult {
  readonly node: string;
  readonly mode: string;
  /** Only the findings that are shown, including notes. */
  readonly findings: readonly Drift[];
  readonly notShown: NotShown | undefined;
  /** The steps that repair all of the drift. */
  readonly repair: readonly Step[];
}

/** Reports how a host differs from cluster state. Changes nothing. */
export async function verifyState(request: PlanRequest, effects: Effects): Promise<VerifyResult> {
  const { document, state, otherRules } = await readHost(request.actual, effects);
  refuseUnknownRules({ otherRules });
  effects.onProgress("compiling");
  const compiled = await compileForHost(request, state, effects);
  effects.onProgress("comparing");
  const planned = planFor(compiled, state);
  const { plan, ofChain, found, desired } = planned;
  noteUnread(planned, effects);
  const knowledge = { clusters: [compiled.cluster], lines: () => linesIn(found) };
  const narrowing = narrowingOf(request, knowledge, effects);
  const all = [...verifyHost(plan.changes, state, ofChain, compiled.ofLine), ...driftOfOtherRules(otherRules)];
  const { shown, hidden } = narrowDrift(all, narrowing);
  const notShown = narrowing && countHidden(hidden, servicesOf, narrowing);
  const repair = plan.steps.filter(({ mayFail }) => mayFail !== true);
  effects.onProgress("following packets");
  const { cluster, node } = compiled;
  const compared = { document, state, found, wanted: desired.wanted, changes: plan.changes, node, cluster };
  const findings = followDrift(shown, compared);
  return { node, mode: compiled.mode, findings, notShown, repair };
}
