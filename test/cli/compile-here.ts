import { type CompileFlags, runCompile } from "../../src/cli/commands/compile.ts";
import { captureOutput } from "./capture-output.ts";
import type { CliResult } from "./run-cli.ts";

/** `portolan compile` without a process of its own, for the many cases that differ in their input only. */
export async function compileHere(flags: Partial<CompileFlags> & Pick<CompileFlags, "filename">): Promise<CliResult> {
  const { texts, end } = captureOutput();
  try {
    const code = await runCompile({ color: "never", ...flags });
    return { code, ...texts };
  } finally {
    end();
  }
}
