import { vi } from "vitest";
import { type CompileFlags, runCompile } from "../../src/cli/commands/compile.ts";
import type { CliResult } from "./run-cli.ts";

/** `portolan compile` without a process of its own, for the many cases that differ in their input only. */
export async function compileHere(flags: Partial<CompileFlags> & Pick<CompileFlags, "filename">): Promise<CliResult> {
  const decoder = new TextDecoder();
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      texts[stream] += typeof chunk === "string" ? chunk : decoder.decode(chunk);
      return true;
    }),
  );
  try {
    const code = await runCompile({ color: "never", ...flags });
    return { code, ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
