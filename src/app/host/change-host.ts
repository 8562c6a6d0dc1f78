import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { catchInterrupts, type Interrupts, outliveReaders } from "../../cli/terminal/interrupts.ts";
import { type Progress, startProgress } from "../../cli/terminal/progress.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { reasonOf } from "../../host/files/read-sources.ts";
import { type ApplyOutcome, applyChanges, rollBack, type StepFailure } from "../../host/linux/apply-changes.ts";
import { localHost, writeBackup } from "../../host/linux/collect-dump.ts";
import { holdApplyLock, kubeProxyHere, whyNotHere } from "../../host/linux/preflight.ts";
import { runOnHost } from "../../host/linux/run-step.ts";
import type { HostDocument } from "../../ir/host-document.ts";
import { quoteWord } from "../../languages/shell.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import { failingLine } from "../../reconcile/live/probe.ts";
import { type ColorChoice, painter } from "../../report/diagnostics.ts";
import { renderPlan } from "../../report/plan.ts";
import type { Desired } from "./desired.ts";
import { applicationOf, changesOf, type Planned, planFor } from "./planned.ts";
import { readHost, thisHost } from "./read-host.ts";

/** What commands that change this host take. */
export interface ChangeFlags {
  readonly backupDir: string;
  readonly replaceKubeProxy?: boolean;
  readonly confirmWithin?: number;
  readonly dryRun?: boolean;
  readonly rules?: boolean;
  readonly color: ColorChoice;
}

/** Brings this host to what `desire` makes of it: check, back up, run, read back, and undo if anything fails. */
export async function changeHost(
  desire: (host: HostState) => Promise<Desired>,
  flags: ChangeFlags,
  check: (planned: Planned) => void = () => {},
): Promise<number> {
  outliveReaders();
  const release = flags.dryRun === true ? () => {} : await lockHost();
  const progress = startProgress(process.stderr);
  try {
    refuseKubeProxy(flags);
    const { document, state } = await readHost(thisHost, progress);
    progress.end();
    const planned = planFor(await desire(state), state);
    check(planned);
    process.stdout.write(
      renderPlan(planned, changesOf(planned), {
        all: flags.rules ?? false,
        paint: painter(process.stdout, flags.color),
      }),
    );
    if (planned.plan.steps.length === 0) return exitCodes.fine;
    await refuseUnfit(planned);
    if (flags.dryRun === true) return exitCodes.fine;
    return await run(planned, document, flags, progress);
  } finally {
    progress.end();
    release();
  }
}

async function lockHost(): Promise<() => void> {
  const release = await holdApplyLock();
  if (release !== undefined) return release;
  throw new CommandFailure(
    "another portolan is changing this host (ss -xlp shows who listens on @portolan-apply); nothing was done",
    exitCodes.environment,
  );
}

function refuseKubeProxy(flags: ChangeFlags): void {
  const sign = flags.replaceKubeProxy === true ? undefined : kubeProxyHere();
  if (sign === undefined) return;
  throw new CommandFailure(
    `kube-proxy runs here (${sign}) and would undo what is done; stop it, or say --replace-kube-proxy`,
    exitCodes.environment,
  );
}

async function refuseUnfit({ plan }: Planned): Promise<void> {
  const reasons = await whyNotHere(plan.steps, runOnHost);
  if (reasons.length === 0) return;
  const list = reasons.map((reason) => `\n  ${reason}`).join("");
  throw new CommandFailure(`this host lacks what the steps need; nothing was done:${list}`, exitCodes.environment);
}

async function run(planned: Planned, document: HostDocument, flags: ChangeFlags, progress: Progress): Promise<number> {
  const interrupts = catchInterrupts();
  const backup = keepBackup(flags.backupDir, document);
  const restore = ["portolan", "apply", "--restore", backup, "--backup-dir", resolve(flags.backupDir)];
  process.stderr.write(`backup: ${backup}\nto go back by hand: ${restore.map(quoteWord).join(" ")}\n`);
  const application = applicationOf(planned);
  try {
    const surroundings = { host: localHost, tell: progress.tell, interrupted: interrupts.reason };
    const outcome = await applyChanges(application, surroundings);
    progress.end();
    if (outcome.kind !== "applied") return tellFailure(outcome, planned, interrupts);
    if (flags.confirmWithin === undefined || (await isConfirmed(flags.confirmWithin, interrupts))) {
      const { steps } = planned.plan;
      const count = steps.length === 1 ? "1 step" : `${steps.length} steps`;
      process.stdout.write(`\nDone: ${count} ran, and the host is as wanted.\n`);
      return exitCodes.fine;
    }
    const failure: StepFailure = {
      step: undefined,
      message: "not confirmed",
      isInterrupt: interrupts.reason() !== undefined,
    };
    const rollbackFailure = await rollBack(application, surroundings);
    const kind = rollbackFailure === undefined ? ("rolled-back" as const) : ("broken" as const);
    return tellFailure({ kind, failure, rollbackFailure: rollbackFailure ?? "" }, planned, interrupts);
  } finally {
    interrupts.end();
  }
}

function keepBackup(directory: string, document: HostDocument): string {
  try {
    return writeBackup(resolve(directory), document);
  } catch (error) {
    const message = `cannot keep a backup in ${directory}: ${reasonOf(error)}; nothing was done`;
    throw new CommandFailure(message, exitCodes.environment);
  }
}

function tellFailure(
  outcome: Exclude<ApplyOutcome, { kind: "applied" }>,
  { desired, ofChain }: Planned,
  interrupts: Interrupts,
): number {
  const { step, message, isInterrupt } = outcome.failure;
  const lines = [step === undefined ? message : `"${step.purpose}" failed: ${step.argv[0]}: ${message}`];
  const line = step && failingLine(step, message, ofChain, desired.ofLine);
  if (line !== undefined) lines.push(`  line ${line.number}: ${line.text}`);
  if (line?.service !== undefined) lines.push(`  it is there because of ${line.service}`);
  if (outcome.kind === "broken") lines.push(`leading the host back failed as well: ${outcome.rollbackFailure}`);
  else lines.push("the host is as it was before");
  process.stderr.write(lines.map((text) => `${escapeControls(text)}\n`).join(""));
  if (outcome.kind === "broken") return exitCodes.restoreFailed;
  if (isInterrupt) return interrupts.exitCode();
  return /xtables lock/i.test(message) ? exitCodes.environment : exitCodes.applyFailed;
}

/** Rules may have cut off whoever asked for them: silence counts as no. */
async function isConfirmed(milliseconds: number, interrupts: Interrupts): Promise<boolean> {
  process.stderr.write(`Keep it? Type yes within ${milliseconds / 1000} s: `);
  const lines = createInterface({ input: process.stdin });
  let timer: NodeJS.Timeout | undefined;
  const answer = await new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(""), milliseconds);
    interrupts.onInterrupt(() => resolve(""));
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  clearTimeout(timer);
  lines.close();
  process.stderr.write("\n");
  return /^y(es)?$/i.test(answer.trim());
}
