import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Instrumenter } from "@stryker-mutator/instrumenter";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The mutants of files and folders: `{ file, line, code, from, to, location, name }`. */
export async function listMutants(paths) {
  const { mutants } = await instrument(paths.flatMap(sourceFiles).map((name) => ({ name, mutate: true })));
  return mutants;
}

/**
 * Writes some mutants into a sandbox: code asks which one of them is active. Returns them with the `id` that makes them so.
 * Only these, for each costs time where the code runs.
 */
export async function writeMutants(folder, sample) {
  const names = new Set(sample.map(({ name }) => name));
  const files = [...new Set(sample.map(({ file }) => file))].map((name) => ({
    name,
    mutate: sample.filter(({ file }) => file === name).map(({ location }) => location),
  }));
  const { written, mutants } = await instrument(files);
  for (const { name, content } of written) writeFileSync(join(folder, name), content);
  // Others of the same place, and within it, are written as well.
  return mutants.filter(({ name }) => names.delete(name));
}

function sourceFiles(path) {
  if (statSync(join(repository, path)).isFile()) return [path];
  return readdirSync(join(repository, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(path, name))
    .sort();
}

async function instrument(files) {
  const silent = Object.fromEntries(
    ["trace", "debug", "info", "warn", "error", "fatal"].flatMap((level) => [
      [level, () => {}],
      [`is${level[0].toUpperCase()}${level.slice(1)}Enabled`, () => false],
    ]),
  );
  const read = files.map((file) => ({ ...file, content: readFileSync(join(repository, file.name), "utf8") }));
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const result = await new Instrumenter(silent).instrument(read, options);
  const lines = new Map(read.map(({ name, content }) => [name, content.split("\n")]));
  const mutants = result.mutants.filter(({ statusReason }) => statusReason === undefined);
  return { written: result.files, mutants: mutants.map((mutant) => described(mutant, lines)) };
}

/** Places of the instrumenter count lines and columns from 0. */
function described({ id, fileName, location, replacement }, texts) {
  const { start, end } = location;
  const lines = texts.get(fileName).slice(start.line, end.line + 1);
  const code = lines[0].trim();
  const last = lines.length - 1;
  lines[last] = lines[last].slice(0, end.column);
  lines[0] = lines[0].slice(start.column);
  const [from, to] = [lines.join("\n"), replacement].map((text) => text.replaceAll(/\s+/g, " "));
  const line = start.line + 1;
  return {
    id,
    file: fileName,
    line,
    code,
    from,
    to,
    location,
    name: `${fileName}:${line}:${start.column} ${from} => ${to}`,
  };
}
