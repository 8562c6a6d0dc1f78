import { serializeState } from "../../changes/owned/serialize-state.ts";
import type { ServiceChange } from "../../changes/summarize-changes.ts";
import { fingerprintOf, type PlanDocument, printPlan, writePlan } from "../../host/files/plan-file.ts";
import { reasonOf } from "../../host/sources/read-sources.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { compileForHost, type HostStateFlags } from "../host/desired.ts";
import { changesOf, type Planned, planFor } from "../host/planned.ts";
import { readHost } from "../host/read-host.ts";
import { painter } from "../terminal/color.ts";
import { startProgress } from "../terminal/progress.ts";
import { renderPlan } from "../terminal/render-plan.ts";

export interface PlanFlags extends HostStateFlags {
  readonly actual: string;
  readonly rules?: boolean;
  readonly out?: string;
  readonly output?: "text" | "json";
}

/** `portolan plan`. Exit 1: there is something to do. */
export async function runPlan(flags: PlanFlags): Promise<number> {
  const progress = startProgress(process.stderr);
  const { state } = await readHost(flags.actual, progress);
  progress.tell("compiling");
  const desired = await compileForHost(flags, state);
  progress.tell("comparing");
  const planned = planFor(desired, state);
  const changes = changesOf(planned);
  progress.end();
  if (flags.output === "json") process.stdout.write(printPlan(planDocument(planned, changes)));
  else {
    const paint = painter(process.stdout, flags.color);
    process.stdout.write(renderPlan(planned, changes, { all: flags.rules ?? false, paint }));
  }
  if (flags.out !== undefined) savePlan(flags.out, planDocument(planned, changes));
  return planned.plan.steps.length === 0 ? exitCodes.fine : exitCodes.different;
}

function planDocument({ desired, host, found, plan }: Planned, changes: readonly ServiceChange[]): PlanDocument {
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "Plan",
    node: desired.node,
    mode: desired.mode,
    fingerprint: fingerprintOf(host, found),
    changes,
    steps: plan.steps,
    undo: plan.undo(),
    wanted: serializeState(desired.wanted),
    excluded: desired.excluded.map(({ text }) => text),
    families: desired.families ?? null,
  };
}

function savePlan(path: string, document: PlanDocument): void {
  try {
    writePlan(path, document);
  } catch (error) {
    throw new CommandFailure(`cannot write ${path}: ${reasonOf(error)}`, exitCodes.environment);
  }
  process.stderr.write(`\nsaved: ${path}; to run exactly this: portolan apply ${path}\n`);
}
