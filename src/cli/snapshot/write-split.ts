import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFiles } from "../../host/files/write-files.ts";
import { reasonOf } from "../../host/sources/read-sources.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";

/** Names what an earlier run wrote, so that files of objects that are gone can go and others' stay. */
const indexName = ".portolan-snapshot";

/** Makes a directory hold these files; those of the snapshot that it held before and are not among them are removed. */
export function writeSplit(directory: string, files: ReadonlyMap<string, string>): void {
  const names = [...files.keys()].sort();
  const index = { name: indexName, content: names.map((name) => `${name}\n`).join("") };
  const contents = names.map((name) => ({ name, content: files.get(name) ?? "" }));
  try {
    writeFiles(directory, [...contents, index], [...names, ...earlierNames(directory), indexName]);
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = { EEXIST: "it is a file", ENOTDIR: "a part of it is a file" };
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? reasonOf(error);
    throw new CommandFailure(
      `cannot write to ${directory}: ${reason}; nothing there was changed`,
      exitCodes.environment,
    );
  }
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
