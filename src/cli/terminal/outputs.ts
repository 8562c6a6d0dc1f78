import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { exitCodes } from "../exit-codes.ts";
import { eraseProgress } from "./progress.ts";

/** Standard output or standard error can no longer be written. */
export interface OutputLoss {
  readonly stream: "standard output" | "standard error";
  /** `closed`: the reader of a pipe has gone; `terminal`: it was closed, or its connection was lost. */
  readonly kind: "closed" | "terminal" | "unwritable";
  readonly message: string;
}

type OnLoss = (loss: OutputLoss) => void;

let onLoss: OnLoss = exitOnLoss;

/** From now on, errors of standard output and standard error end the process with an exit code that tells them. */
export function guardOutputs(): void {
  for (const [stream, output] of [
    ["standard output", process.stdout],
    ["standard error", process.stderr],
  ] as const) {
    output.on("error", (error) => onLoss(lossOf(stream, error)));
  }
  process.on("exit", releaseTerminals);
}

/** Replaces what is done about a lost output. */
export function handleLosses(handle: OnLoss): void {
  onLoss = handle;
}

function lossOf(stream: OutputLoss["stream"], error: NodeJS.ErrnoException): OutputLoss {
  const kind = error.code === "EPIPE" ? "closed" : isTerminalLost() ? "terminal" : "unwritable";
  const message = kind === "terminal" ? "the terminal was closed" : `cannot write to ${stream}: ${error.message}`;
  return { stream, kind, message };
}

/** Of a loss that is not the closed pipe of a reader. */
export function lossExitCode({ kind }: OutputLoss): number {
  return kind === "terminal" ? exitCodes.interrupted : exitCodes.environment;
}

/** A result that cannot be written ends the process; without diagnostics, the result is still completed. */
export function exitOnLoss(loss: OutputLoss): void {
  const { stream, kind, message } = loss;
  if (stream === "standard error" && kind !== "terminal") {
    if (kind === "unwritable") process.once("exit", failOnExit);
    return;
  }
  eraseProgress();
  if (kind === "unwritable") process.stderr.write(`error: ${message}\n`);
  process.exit(kind === "closed" ? (process.exitCode ?? exitCodes.fine) : lossExitCode(loss));
}

function failOnExit(code: number): void {
  const isResult = code === exitCodes.fine || code === exitCodes.different;
  if (isResult) process.exitCode = exitCodes.environment;
}

const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** Whether a terminal of this process was closed: it no longer has the settings that terminals have. */
export function isTerminalLost(): boolean {
  return terminals.some((descriptor) => !isatty(descriptor));
}

/**
 * At its end, Node.js restores the settings of terminals, and aborts if one was closed. No settings are changed here, so
 * nothing needs to be restored.
 */
function releaseTerminals(): void {
  for (const descriptor of terminals) {
    closeSync(descriptor);
    // Gets the lowest number that is free, which is this one.
    openSync("/dev/null", "r+");
  }
}
