import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasControls } from "../../harness/controls.ts";
import { errorsIn, runCli, workspace } from "../../harness/run-cli.ts";

const size = 50_000_000;

function filled(pattern: string | Uint8Array): Buffer {
  return Buffer.alloc(size, pattern);
}

/** Printable characters without structure, in lines or in one. */
function ascii(withLines: boolean): Buffer {
  const bytes = randomBytes(1_000_000).map((byte, at) => (withLines && at % 80 === 79 ? 10 : 32 + (byte % 95)));
  return filled(bytes);
}

function numberedKeys(): string {
  const lines: string[] = [];
  for (let i = 0, length = 0; length < size; i++) {
    lines.push(`key-${i}: value`);
    length += (lines.at(-1) as string).length + 1;
  }
  return lines.join("\n");
}

const rubbish: Readonly<Record<string, readonly [content: () => Uint8Array | string, code: string]>> = {
  "random bytes": [() => randomBytes(size), "input-not-text"],
  "ASCII in one line": [() => ascii(false), "syntax-invalid"],
  "ASCII in lines": [() => ascii(true), "syntax-invalid"],
  "[[[[[": [() => filled("["), "syntax-invalid"],
  "{{{{{": [() => filled("{"), "syntax-invalid"],
  '{"a":{"a":': [() => filled('{"a":'), "syntax-invalid"],
  "a: b": [() => filled("a: b\n"), "syntax-invalid"],
  "numbered keys": [numberedKeys, "syntax-invalid"],
  "an unclosed string": [() => filled('"x'.padEnd(1000, "x")), "syntax-invalid"],
  "JSON lines of no objects": [() => filled('{"a":1}\n'), "syntax-invalid"],
  "document separators": [() => filled("---\n"), "input-empty"],
};

describe("50 MB of rubbish end soon, in little memory, with one clear error", () => {
  it.each(Object.entries(rubbish))("%s", async (_, [content, code]) => {
    const cwd = workspace({ "in.yaml": content() });
    const start = performance.now();
    const result = await runCli(["compile", "-f", "in.yaml", "--node", "node1"], { cwd, memory: 700 });
    expect(result).toMatchObject({ code: 3, stdout: "" });
    expect(errorsIn(result.stderr)).toHaveLength(1);
    expect(errorsIn(result.stderr)[0]).toMatch(new RegExp(`^${code} in\\.yaml`));
    expect(result.stderr.length).toBeLessThan(1000);
    expect(hasControls(result.stderr)).toBe(false);
    expect(performance.now() - start).toBeLessThan(10_000);
    rmSync(cwd, { recursive: true });
  });
});
