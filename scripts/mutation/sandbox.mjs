import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const shim = new URL("vitest.mjs", import.meta.url).href;

/** Code, which is written again, and data, which tests find by their own place. */
const copied = ["src", "test/unit", "test/golden", "test/harness", "package.json", "tsconfig.json"];
const linked = [
  "golden",
  "scripts",
  "test/conformance",
  "test/field",
  "test/fixtures",
  "node_modules",
  "README.md",
  ".github",
];

/** Tests in process: those of functions, and others of a few seconds. */
const tried = [
  /^test\/unit\/.*\.test\.ts$/,
  /^test\/golden\/(check|compiled|conformance|explain|kube-proxy-node|packets)\.test\.ts$/,
  /^test\/golden\/(check\/(foreign-chains|verify)|compile\/\w+|diff\/(diff-sides|wording))\.test\.ts$/,
  /^test\/golden\/(evaluate\/(foreign-node|kinds|source-runs)|host\/linux\/apply-changes|reconcile\/safe-order)\.test\.ts$/,
];
/** They read the source as text, write snapshots, or take long. */
const leftOut = /\/(lock-file|skips|growth|facts-table)\.test\.ts$/;

/** A folder like the repository. */
export function makeSandbox(folder) {
  mkdirSync(join(folder, "test"));
  for (const name of copied) cpSync(join(repository, name), join(folder, name), { recursive: true });
  for (const name of linked) symlinkSync(join(repository, name), join(folder, name));
}

/** The files of tests, as their JavaScript in the sandbox, each with the modules that it needs. */
export function compileTests(folder, { isUnitOnly }) {
  const paths = readdirSync(join(folder, "test"), { recursive: true, encoding: "utf8" })
    .map((name) => join("test", name))
    .filter((path) => tried.some((one) => one.test(path)) && !leftOut.test(path))
    .filter((path) => !isUnitOnly || path.startsWith("test/unit/"))
    .map((path) => join(folder, path));
  const imports = new Map();
  for (const path of paths) compile(path, imports);
  return paths.map((path) => ({ file: toScript(path), needs: closure(path, imports).slice(0, -1).map(toScript) }));
}

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
};

/** Writes the JavaScript of a file and of all that it imports beside them. */
function compile(path, imports) {
  if (imports.has(path)) return;
  const text = readFileSync(path, "utf8");
  const isScript = path.endsWith("js");
  const code = isScript ? text : ts.transpileModule(text, { compilerOptions }).outputText;
  if (!isScript) writeFileSync(toScript(path), code.replaceAll('from "vitest"', `from "${shim}"`));
  const found = [...code.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, to]) => resolve(path, "..", to));
  imports.set(path, found.map(toSource));
  for (const to of imports.get(path)) compile(to, imports);
}

const toScript = (path) => path.replace(/\.ts$/, ".js");
const toSource = (path) => path.replace(/\.js$/, ".ts");

/** A file behind all that it imports. */
function closure(path, imports, seen = new Set()) {
  if (seen.has(path)) return [];
  seen.add(path);
  return [...imports.get(path).flatMap((to) => closure(to, imports, seen)), path];
}
