import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { importClosure } from "./exports.ts";

const { files, packages } = importClosure();

test("what index.ts leads to knows no effect", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => /^(?:host|app|cli)\//.test(file))).toEqual([]);
  expect([...packages].filter((name) => name.startsWith("node:"))).toEqual([]);
  expect([...packages].sort()).toEqual(
    ["@noble/hashes/sha2.js", "ipaddr.js", "js-yaml", "yaml"].filter((name) => packages.has(name)),
  );
});

/** Refuses what a browser does not have, also to packages. */
const blocked = `
import { isBuiltin } from "node:module";
export const resolve = (name, context, next) => {
  if (isBuiltin(name)) throw new Error("no " + name + " in a browser: " + context.parentURL);
  return next(name, context);
};`;

test("the built package loads and compiles where there is no node: module", () => {
  const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = `import { register } from "node:module"; register(${JSON.stringify(url(blocked))});`;
  const index = new URL("../../../dist/index.js", import.meta.url).href;
  const program =
    `const { compile } = await import(${JSON.stringify(index)});` +
    `console.log(compile([{ apiVersion: "v1", kind: "Node", metadata: { name: "node1" } }]).node);`;
  const args = ["--conditions=browser", "--import", url(register), "--input-type=module", "-e", program];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("node1\n");
});
