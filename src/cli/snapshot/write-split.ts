import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeDirectory } from "../write-directory.ts";

/** Names what an earlier run wrote, so that files of objects that are gone can go and others' stay. */
const indexName = ".portolan-snapshot";

/** Makes a directory hold these files; those of the snapshot that it held before and are not among them are removed. */
export function writeSplit(directory: string, files: ReadonlyMap<string, string>): void {
  const names = [...files.keys()].sort();
  const index = { name: indexName, content: names.map((name) => `${name}\n`).join("") };
  const contents = names.map((name) => ({ name, content: files.get(name) ?? "" }));
  writeDirectory(directory, [...contents, index], [...names, ...earlierNames(directory), indexName]);
}

/** Only names such as a snapshot writes: nothing outside the directory is removed, whoever wrote the index. */
function earlierNames(directory: string): readonly string[] {
  try {
    const lines = readFileSync(join(directory, indexName), "utf8").split("\n");
    return lines.filter((line) => /^[^./\\][^/\\]*\.(?:yaml|json)$/.test(line));
  } catch {
    return [];
  }
}
