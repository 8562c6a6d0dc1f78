import { CommanderError } from "commander";
import { Failure } from "../app/effects.ts";
import type { CatalogEntry } from "../diagnostics/catalog/entry.ts";
import { escapeLines } from "../diagnostics/printable.ts";
import { exitCodes, failureExitCodes } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import { guardOutputs } from "./terminal/outputs.ts";
import { eraseProgress } from "./terminal/progress.ts";

/** Runs the command line and sets the exit code; the process exits by itself after its output is written. */
export async function main(name: string): Promise<void> {
  guardOutputs();
  try {
    const setExitCode = (exitCode: number): void => {
      process.exitCode = exitCode;
    };
    const program = await createProgram(name, setExitCode, process.argv[2]);
    await program.parseAsync();
  } catch (error) {
    process.exitCode = await explainFailure(error);
  }
}

/** With the hint of the catalog, where it has one. */
async function failureText({ message, code }: Failure): Promise<string> {
  const text = escapeLines(message);
  if (code === undefined) return `error: ${text}\n`;
  const { catalog } = await import("../diagnostics/catalog.ts");
  const { hint }: CatalogEntry = catalog[code];
  return `error[${code}]: ${text}\n${hint === undefined ? "" : `   = hint: ${hint}\n`}`;
}

async function explainFailure(error: unknown): Promise<number> {
  eraseProgress();
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  if (error instanceof Failure) {
    process.stderr.write(await failureText(error));
    return failureExitCodes[error.kind];
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error: this is a bug in Portolan, please report it:\n${escapeLines(stack)}\n`);
  return exitCodes.bug;
}
