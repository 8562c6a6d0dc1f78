import { describe, expect, it } from "vitest";
import { catalog } from "../../../../src/diagnostics/catalog.ts";
import { runCli } from "../../../harness/run-cli.ts";

describe("explain CODE", () => {
  const some = ["node-port-taken", "syntax-invalid", "service-port-unnamed", "mode-not-supported"];
  it.concurrent.each(some.filter((code) => Object.hasOwn(catalog, code)))("%s", async (code) => {
    const { stdout, stderr, code: exit } = await runCli(["explain", code]);
    const entry = catalog[code as keyof typeof catalog];
    expect(stdout.startsWith(`${entry.severity}[${code}]: ${entry.message}\n\n`)).toBe(true);
    expect(stdout.replaceAll("\n", " ")).toContain(entry.explanation);
    for (const line of stdout.split("\n").slice(1)) expect(line.length).toBeLessThanOrEqual(80);
    expect({ stderr, exit }).toEqual({ stderr: "", exit: 0 });
  });

  it("without a code lists all of them", async () => {
    const { stdout, code } = await runCli(["explain"]);
    const listed = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ +/));
    const wanted = Object.entries(catalog).map(([name, { severity }]) => [name, severity]);
    expect(listed).toEqual(wanted.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
    expect(code).toBe(0);
  });
});
