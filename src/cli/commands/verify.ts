import { compileForHost, type HostStateFlags } from "../../app/host/desired.ts";
import { planFor } from "../../app/host/planned.ts";
import { readHost } from "../../app/host/read-host.ts";
import { narrowingOf } from "../../app/narrowing.ts";
import { type Drift, narrowDrift, servicesOf, verifyHost } from "../../check/verify.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { countHidden, type NotShown } from "../../filter/narrowing.ts";
import { printRepairScript } from "../../languages/shell.ts";
import { linesIn } from "../../reconcile/attribution.ts";
import { type Paint, painter } from "../../report/diagnostics.ts";
import { notShownDocument, notShownSentence } from "../../report/words.ts";
import { exitCodes } from "../exit-codes.ts";
import type { NarrowFlags } from "../program/narrow-flags.ts";
import { startProgress } from "../terminal/progress.ts";

export interface VerifyFlags extends HostStateFlags, NarrowFlags {
  readonly actual: string;
  readonly fix?: boolean;
  readonly output?: "text" | "json";
}

/** `portolan verify`. Exit 1: the host is not as it should be, of what is shown. */
export async function runVerify(flags: VerifyFlags): Promise<number> {
  const progress = startProgress(process.stderr);
  const { state } = await readHost(flags.actual, progress);
  progress.tell("compiling");
  const desired = await compileForHost(flags, state);
  progress.tell("comparing");
  const { plan, ofChain, found } = planFor(desired, state);
  const narrowing = narrowingOf(flags, { clusters: [desired.cluster], lines: () => linesIn(found) });
  const all = verifyHost(plan.changes, state, ofChain, desired.ofLine);
  const { shown: findings, hidden } = narrowDrift(all, narrowing);
  const notShown = narrowing && countHidden(hidden, servicesOf, narrowing);
  progress.end();
  const drift = findings.filter(({ isDrift }) => isDrift);
  if (flags.fix === true) {
    const steps = plan.steps.filter(({ mayFail }) => mayFail !== true);
    const title = `Repairs the rules for node ${escapeControls(desired.node)}.`;
    process.stdout.write(steps.length === 0 ? "" : printRepairScript(steps, title));
    const foreign = drift.some(({ kind }) => kind === "foreign-rules-first");
    if (foreign) process.stderr.write("note: foreign rules are not removed\n");
  } else if (flags.output === "json") {
    const report = { apiVersion: "portolan/v1alpha1", kind: "VerifyReport", node: desired.node, mode: desired.mode };
    const narrowed = notShown === undefined ? {} : { notShown: notShownDocument(notShown, "findings") };
    process.stdout.write(`${JSON.stringify({ ...report, drift: drift.length > 0, ...narrowed, findings }, null, 2)}\n`);
  } else {
    const paint = painter(process.stdout, flags.color);
    process.stdout.write(renderFindings(findings, paint) + renderSummary(drift.length, desired.node, notShown));
  }
  return drift.length === 0 ? exitCodes.fine : exitCodes.different;
}

const mostLines = 5;

function renderFindings(findings: readonly Drift[], paint: Paint): string {
  return findings.map((finding) => `${renderFinding(finding, paint)}\n`).join("");
}

function renderSummary(count: number, node: string, notShown: NotShown | undefined): string {
  const summary = count === 0 ? "no drift" : `${count} ${count === 1 ? "difference" : "differences"}`;
  const isPart = notShown !== undefined && notShown.count > 0;
  const left = notShown === undefined ? "" : `${escapeControls(notShownSentence(notShown, "finding"))}.\n`;
  return `Node ${escapeControls(node)}: ${summary}${isPart ? " for the Services shown" : ""}.\n${left}`;
}

function renderFinding({ kind, service, where, lines, isDrift }: Drift, paint: Paint): string {
  const shown = lines.slice(0, mostLines).map((line) => `    ${escapeControls(line)}\n`);
  if (lines.length > mostLines) shown.push(`    ... ${lines.length - mostLines} more\n`);
  const label = isDrift ? paint("red", kind) : paint("dim", `note: ${kind}`);
  return `${label}: ${escapeControls(where)}\n  affects ${escapeControls(service)}\n${shown.join("")}`;
}
