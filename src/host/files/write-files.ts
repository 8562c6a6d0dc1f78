import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { HostDocument } from "../../ir/artifact.ts";
import { printDocument } from "../../reconcile/live/collected-document.ts";
import { reasonOf } from "./read-sources.ts";

export interface OutputFile {
  readonly name: string;
  readonly content: Uint8Array | string;
}

/**
 * Makes a directory hold exactly `files` among `known` names; other files are unchanged. Temporary files are written
 * first: a full disk or a missing permission keeps the old content. Throws the file system's error.
 */
function writeFiles(directory: string, files: readonly OutputFile[], known: readonly string[]): void {
  makeDirectory(directory);
  for (const name of known) refuseDirectory(join(directory, name));
  const staged = files.filter((file) => !holds(join(directory, file.name), file.content));
  const temporary = (name: string): string => join(directory, `.${name}.${process.pid}.new`);
  try {
    for (const { name, content } of staged)
      writeFileSync(temporary(name), content, { mode: name.endsWith(".sh") ? 0o755 : 0o644 });
    for (const { name } of staged) renameSync(temporary(name), join(directory, name));
  } catch (error) {
    for (const { name } of staged) rmSync(temporary(name), { force: true });
    throw error;
  }
  const kept = new Set(files.map(({ name }) => name));
  for (const name of known) if (!kept.has(name)) rmSync(join(directory, name), { force: true });
}

/** Not `recursive: true`: with it, Node 20 never returns if even the root directory fails, as /proc does. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(directory).isDirectory()) return;
    const parent = dirname(directory);
    if (code !== "ENOENT" || parent === directory) throw error;
    makeDirectory(parent);
    mkdirSync(directory);
  }
}

/** If a directory has the name of a file, only some of the files could be replaced. */
function refuseDirectory(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  throw Object.assign(new Error(`${path} is a directory`), { code: "EISDIR" });
}

function holds(path: string, content: Uint8Array | string): boolean {
  try {
    return readFileSync(path).equals(Buffer.from(content));
  } catch {
    return false;
  }
}

/** Writes a file completely or not at all; it is synced to disk when this returns. Throws the file system's error. */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = openSync(temporary, "w", mode);
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

const reasons: Readonly<Record<string, string>> = { EEXIST: "it is a file", ENOTDIR: "a parent of it is a file" };

/** Makes a directory hold exactly `files` among `known` names. On failure, returns the reason and changes nothing. */
export function writeDirectory(
  directory: string,
  files: readonly OutputFile[],
  known: readonly string[],
): string | undefined {
  try {
    writeFiles(directory, files, known);
    return undefined;
  } catch (error) {
    return reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? reasonOf(error);
  }
}

/** Lists the files of an earlier run, so that files of deleted objects can be removed and other files are kept. */
const indexName = ".portolan-snapshot";

/** As writeDirectory; files of an earlier call that are not among `files` are removed. */
export function writeSplit(directory: string, files: ReadonlyMap<string, string>): string | undefined {
  const names = [...files.keys()].sort();
  const index = { name: indexName, content: names.map((name) => `${name}\n`).join("") };
  const contents = names.map((name) => ({ name, content: files.get(name) ?? "" }));
  return writeDirectory(directory, [...contents, index], [...names, ...earlierNames(directory), indexName]);
}

/** Only names that a snapshot can have: an edited index must not remove files outside the directory. */
function earlierNames(directory: string): readonly string[] {
  try {
    const lines = readFileSync(join(directory, indexName), "utf8").split("\n");
    return lines.filter((line) => /^[^./\\][^/\\]*\.(?:yaml|json)$/.test(line));
  } catch {
    return [];
  }
}

export type Backup =
  | { readonly kind: "kept"; readonly path: string }
  | { readonly kind: "failed"; readonly message: string };

/** Saves a dump in a directory, named by the time. If this fails, the host must not be changed. */
export function writeBackup(directory: string, document: HostDocument): Backup {
  const time = new Date().toISOString().replace(/[-:.]/g, "");
  const path = join(resolve(directory), `portolan-backup-${time}.txt`);
  try {
    makeDirectory(resolve(directory));
    writeWhole(path, printDocument(document));
    return { kind: "kept", path };
  } catch (error) {
    return { kind: "failed", message: `cannot keep a backup in ${directory}: ${reasonOf(error)}` };
  }
}
