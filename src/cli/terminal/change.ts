import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { ChangeControl, ChangeResult, Interruption } from "../../app/change-host.ts";
import type { Effects } from "../../app/effects.ts";
import { changesOf } from "../../app/planned.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { quoteWord } from "../../languages/shell.ts";
import { renderPlan } from "../../report/plan.ts";
import { exitCodes } from "../exit-codes.ts";
import { catchInterrupts, type Interrupts, ignoreClosedPipes } from "./interrupts.ts";
import { type ColorFlag, openTerminal, type Terminal } from "./terminal.ts";

export interface ChangeFlags extends ColorFlag {
  readonly backupDir: string;
  /** Show every rule that changes. */
  readonly rules?: boolean;
}

/** Runs a change of this host for a user who can interrupt and confirm it. Returns the exit code. */
export async function runChange(
  flags: ChangeFlags,
  change: (control: ChangeControl, effects: Effects) => Promise<ChangeResult>,
): Promise<number> {
  ignoreClosedPipes();
  const terminal = openTerminal(flags);
  const { effects, print, warn, paint } = terminal;
  let interrupts: Interrupts | undefined;
  const control: ChangeControl = {
    onPlanned: (planned) => print(renderPlan(planned, changesOf(planned), { all: flags.rules ?? false, paint })),
    onBackup: (path) => {
      const restore = ["portolan", "apply", "--restore", path, "--backup-dir", resolve(flags.backupDir)];
      warn(
        `backup: ${escapeControls(path)}\nto restore it manually: ${escapeControls(restore.map(quoteWord).join(" "))}\n`,
      );
    },
    catchInterrupts: () => {
      interrupts = catchInterrupts();
      return interrupts;
    },
    confirm: (milliseconds, interruption) => isConfirmed(milliseconds, interruption, terminal),
  };
  return showResult(await change(control, effects), interrupts, terminal);
}

function showResult(result: ChangeResult, interrupts: Interrupts | undefined, { print, warn }: Terminal): number {
  switch (result.kind) {
    case "unchanged":
      return exitCodes.fine;
    case "applied": {
      const count = result.steps.length === 1 ? "1 step" : `${result.steps.length} steps`;
      print(`\nDone: ${count} ran, and the host matches.\n`);
      return exitCodes.fine;
    }
    case "rolled-back":
    case "broken":
      warn(renderFailure(result));
      return failureCode(result, interrupts);
  }
}

type Failed = Extract<ChangeResult, { kind: "rolled-back" | "broken" }>;

function renderFailure({ kind, failure, rollbackFailure, line }: Failed): string {
  const { step, message } = failure;
  const lines = [step === undefined ? message : `"${step.purpose}" failed: ${step.argv[0]}: ${message}`];
  if (line !== undefined) lines.push(`  line ${line.number}: ${line.text}`);
  if (line?.service !== undefined) lines.push(`  it comes from ${line.service}`);
  if (kind === "broken") lines.push(`the rollback failed as well: ${rollbackFailure}`);
  else lines.push("the host was rolled back to its previous state");
  return `error: ${lines.map((text) => `${escapeControls(text)}\n`).join("")}`;
}

function failureCode({ kind, failure }: Failed, interrupts: Interrupts | undefined): number {
  if (kind === "broken") return exitCodes.restoreFailed;
  if (failure.isInterrupt && interrupts !== undefined) return interrupts.exitCode();
  return /xtables lock/i.test(failure.message) ? exitCodes.environment : exitCodes.applyFailed;
}

async function isConfirmed(milliseconds: number, interruption: Interruption, { warn }: Terminal): Promise<boolean> {
  warn(`Keep the changes? Type yes within ${milliseconds / 1000} s: `);
  const lines = createInterface({ input: process.stdin });
  let timer: NodeJS.Timeout | undefined;
  const answer = await new Promise<string>((done) => {
    timer = setTimeout(() => done(""), milliseconds);
    interruption.signal.addEventListener("abort", () => done(""));
    // A terminal that is closed is an error of its reader.
    process.stdin.once("error", () => done(""));
    lines.once("line", done);
    lines.once("close", () => done(""));
  });
  clearTimeout(timer);
  lines.close();
  warn("\n");
  return /^y(es)?$/i.test(answer.trim());
}
