import type { Command } from "commander";
import { Failure } from "../../src/app/failure.ts";
import { explainPacketCommand } from "../../src/cli/commands/explain-packet.ts";
import { failureExitCodes } from "../../src/cli/exit-codes.ts";
import { captureOutput } from "./capture-output.ts";
import type { CliResult } from "./run-cli.ts";

/** `portolan explain packet` in this process: as runCli, without the time a process takes. */
export async function explainHere(args: readonly string[]): Promise<CliResult> {
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
