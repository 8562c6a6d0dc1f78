import type { Command } from "commander";
import { vi } from "vitest";
import { Failure } from "../../src/app/effects.ts";
import { type CompileFlags, runCompile } from "../../src/cli/commands/compile.ts";
import { explainPacketCommand } from "../../src/cli/commands/explain-packet.ts";
import { failureExitCodes } from "../../src/cli/exit-codes.ts";

import type { CliResult } from "./run-cli.ts";

/** `portolan compile` in this process, for the many cases that differ in their input only. */
export async function compileInProcess(
  flags: Partial<CompileFlags> & Pick<CompileFlags, "filename">,
): Promise<CliResult> {
  const { texts, end } = captureOutput();
  try {
    const code = await runCompile({ color: "never", ...flags });
    return { code, ...texts };
  } finally {
    end();
  }
}

/** `portolan explain packet` in this process: as runCli, without the time a process takes. */
export async function explainInProcess(args: readonly string[]): Promise<CliResult> {
  const { texts, end } = captureOutput();
  let code: number | null = null;
  try {
    const command: Command = explainPacketCommand("portolan", (exit) => {
      code = exit;
    });
    await command.exitOverride().parseAsync([...args, "--color", "never"], { from: "user" });
    return { code, ...texts };
  } catch (error) {
    if (error instanceof Failure)
      return { code: failureExitCodes[error.kind], stdout: texts.stdout, stderr: `${texts.stderr}${error.message}\n` };
    const { exitCode, code: reason, message } = error as { exitCode?: number; code?: string; message: string };
    if (exitCode === undefined) throw error;
    return { code: reason === undefined ? exitCode : 2, stdout: texts.stdout, stderr: `${texts.stderr}${message}\n` };
  } finally {
    end();
  }
}

/** Takes what this process prints, until `end`. */
function captureOutput(): { readonly texts: { stdout: string; stderr: string }; readonly end: () => void } {
  const decoder = new TextDecoder();
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      texts[stream] += typeof chunk === "string" ? chunk : decoder.decode(chunk);
      return true;
    }),
  );
  const end = (): void => {
    for (const spy of spies) spy.mockRestore();
  };
  return { texts, end };
}
