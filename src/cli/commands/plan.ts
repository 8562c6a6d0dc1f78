import { compileForHost, type HostStateFlags } from "../../app/host/desired.ts";
import { changesOf, type Planned, planFor } from "../../app/host/planned.ts";
import { readHost } from "../../app/host/read-host.ts";
import { narrowingOf } from "../../app/narrowing.ts";
import { countHidden, type NotShown, narrowItems } from "../../filter/narrowing.ts";
import { fingerprintOf, type PlanDocument, printPlan, writePlan } from "../../host/files/plan-file.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { linesIn } from "../../reconcile/attribution.ts";
import { serializeState } from "../../reconcile/serialize-state.ts";
import type { ServiceChange } from "../../reconcile/summarize-changes.ts";
import { painter } from "../../report/diagnostics.ts";
import { renderPlan } from "../../report/plan.ts";
import { notShownDocument } from "../../report/words.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import type { NarrowFlags } from "../program/narrow-flags.ts";
import { startProgress } from "../terminal/progress.ts";

export interface PlanFlags extends HostStateFlags, NarrowFlags {
  readonly actual: string;
  readonly rules?: boolean;
  readonly out?: string;
  readonly output?: "text" | "json";
}

/** `portolan plan`. Exit 1: there is something to do, of what is shown. */
export async function runPlan(flags: PlanFlags): Promise<number> {
  const progress = startProgress(process.stderr);
  const { state } = await readHost(flags.actual, progress);
  progress.tell("compiling");
  const desired = await compileForHost(flags, state);
  progress.tell("comparing");
  const planned = planFor(desired, state);
  const narrowing = narrowingOf(flags, { clusters: [desired.cluster], lines: () => linesIn(planned.found) });
  const { shown: changes, hidden } = narrowItems(changesOf(planned), servicesOf, narrowing);
  const notShown = narrowing && countHidden(hidden, servicesOf, narrowing);
  progress.end();
  if (flags.output === "json") process.stdout.write(printDocument(planned, changes, notShown));
  else {
    const paint = painter(process.stdout, flags.color);
    process.stdout.write(renderPlan(planned, changes, { all: flags.rules ?? false, paint, notShown }));
  }
  if (flags.out !== undefined) savePlan(flags.out, planDocument(planned, changes));
  const isToDo = planned.plan.steps.length > 0 && (hidden.length === 0 || changes.length > 0);
  return isToDo ? exitCodes.different : exitCodes.fine;
}

function servicesOf({ service }: ServiceChange): readonly string[] {
  return [service];
}

/** What runs is never narrowed: a narrowed plan has no steps, and apply refuses it. */
function printDocument(planned: Planned, changes: readonly ServiceChange[], notShown: NotShown | undefined): string {
  const document = planDocument(planned, changes);
  if (notShown === undefined) return printPlan(document);
  const { apiVersion, kind, node, mode } = document;
  return `${JSON.stringify({ apiVersion, kind, node, mode, notShown: notShownDocument(notShown, "changes"), changes }, null, 1)}\n`;
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
