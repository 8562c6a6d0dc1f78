import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const app = new URL("../../../../src/app/", import.meta.url).pathname;
const texts = readdirSync(app, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: withoutComments(readFileSync(join(app, name), "utf8")) }));

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*.*?\*\/|^\s*\/\/[^\n]*/gms, "");
}

/** Files that have a match of the pattern, outside comments. */
function filesWith(pattern: RegExp): readonly string[] {
  return texts.filter(({ text }) => pattern.test(text)).map(({ name }) => name);
}

test("app has its effects handed in: of host it knows types alone, of cli nothing", () => {
  expect(texts.length).toBeGreaterThan(20);
  expect(filesWith(/from "[./]+\/cli\//)).toEqual([]);
  expect(filesWith(/^import (?!type\b)[^;]*?from "\.\.\/(?:\.\.\/)?host\/(?:files|kube|linux|run-step)/ms)).toEqual([]);
  expect(filesWith(/\bimport\("\.\.\/(?:\.\.\/)?host\//)).toEqual([]);
});

test("app knows no process and no exit code", () => {
  expect(filesWith(/\bprocess\.|\bexitCodes\b|from "commander"|\bconsole\./)).toEqual([]);
});
