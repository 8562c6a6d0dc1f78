import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import * as portolan from "../../../src/index.ts";
import { exportedFunctions } from "./exports.ts";

/** The code of the one `@example` in the comment of a function. */
function exampleOf(file: string, local: string): string {
  const text = readFileSync(file, "utf8");
  const end = text.indexOf(`export function ${local}(`);
  const comment = text.slice(text.lastIndexOf("/**", end), end);
  const fenced = [...comment.matchAll(/@example\n \* ```ts\n(.*?) \* ```/gs)];
  expect(fenced.length, `examples of ${local}`).toBe(1);
  return (fenced[0]?.[1] ?? "").replace(/^ \* ?/gm, "");
}

/** Runs an example; each value that it prints is one that a comment behind it promises. */
function run(code: string): { readonly printed: readonly string[]; readonly promised: readonly string[] } {
  const printed: string[] = [];
  const log = (...values: readonly unknown[]): void => {
    printed.push(values.map((value) => JSON.stringify(value)).join(" "));
  };
  const promised = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, value = ""]) => value);
  const body = code.replace(/^import (\{[^}]*\}) from "portolan";$/m, "const $1 = portolan;");
  new Function("portolan", "console", body)(portolan, { log });
  return { printed, promised };
}

const plain = (text: string): string => text.replace(/\s+/g, "");

test("the public functions are these", () => {
  expect(
    exportedFunctions()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([
    "check",
    "compile",
    "createCompiler",
    "diff",
    "explainObject",
    "explainPacket",
    "isBare",
    "locate",
    "parseDump",
    "readDocuments",
    "scriptText",
    "simulate",
    "snapshot",
    "tour",
  ]);
});

describe("the example of", () => {
  it.each(exportedFunctions())("$name prints what it says", ({ file, local, name }) => {
    const code = exampleOf(file, local);
    expect(code).toContain(`${name}(`);
    const { printed, promised } = run(code);
    expect(promised.length).toBeGreaterThan(0);
    expect(printed.map(plain)).toEqual(promised.map(plain));
  });
});
