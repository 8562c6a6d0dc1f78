import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const app = new URL("../../../../src/app/", import.meta.url).pathname;
const texts = readdirSync(app, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(app, name), "utf8") }));

/** Files whose imports match. */
function importing(pattern: RegExp): readonly string[] {
  return texts.filter(({ text }) => pattern.test(text)).map(({ name }) => name);
}

test("app has its effects handed in: of host it knows types alone, of cli nothing", () => {
  expect(texts.length).toBeGreaterThan(20);
  expect(importing(/from "[./]+\/cli\//)).toEqual([]);
  expect(importing(/^import (?!type\b)[^;]*?from "\.\.\/(?:\.\.\/)?host\/(?:files|kube|linux|run-step)/ms)).toEqual([]);
  expect(importing(/\bimport\("\.\.\/(?:\.\.\/)?host\//)).toEqual([]);
});

test("app knows no process and no exit code", () => {
  expect(importing(/\bprocess\.|\bexitCodes\b|from "commander"|\bconsole\./)).toEqual([]);
});
