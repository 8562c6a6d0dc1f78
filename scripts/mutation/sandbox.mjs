import { cpSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Instrumenter } from "@stryker-mutator/instrumenter";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const copied = ["src", "test", "golden", "scripts", "package.json", "tsconfig.json", "README.md", ".github"];

/**
 * Copies the repository into a folder, with all mutants of the files in it: an environment variable chooses the one that
 * is active. Returns the mutants: `{ id, file, line, from, to, name }`.
 */
export async function makeSandbox(folder, paths) {
  for (const name of copied) cpSync(join(repository, name), join(folder, name), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  const silent = Object.fromEntries(
    ["trace", "debug", "info", "warn", "error", "fatal"].flatMap((level) => [
      [level, () => {}],
      [`is${level[0].toUpperCase()}${level.slice(1)}Enabled`, () => false],
    ]),
  );
  const files = paths.flatMap(sourceFiles).map((name) => ({
    name,
    content: readFileSync(join(repository, name), "utf8"),
    mutate: true,
  }));
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const result = await new Instrumenter(silent).instrument(files, options);
  // Instrumented code is not typed.
  for (const { name, content } of result.files) writeFileSync(join(folder, name), `// @ts-nocheck\n${content}`);
  const texts = new Map(files.map(({ name, content }) => [name, content.split("\n")]));
  return result.mutants
    .filter(({ statusReason }) => statusReason === undefined)
    .map((mutant) => described(mutant, texts));
}

function sourceFiles(path) {
  if (statSync(join(repository, path)).isFile()) return [path];
  return readdirSync(join(repository, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(path, name))
    .sort();
}

/** Places of the instrumenter count lines and columns from 0. */
function described({ id, fileName, location: { start, end }, replacement }, texts) {
  const lines = texts.get(fileName).slice(start.line, end.line + 1);
  const last = lines.length - 1;
  lines[last] = lines[last].slice(0, end.column);
  lines[0] = lines[0].slice(start.column);
  const [from, to] = [lines.join("\n"), replacement].map((text) => text.replaceAll(/\s+/g, " "));
  const line = start.line + 1;
  return { id, file: fileName, line, from, to, name: `${fileName}:${line}:${start.column} ${from} => ${to}` };
}
