import { randomBytes } from "node:crypto";
import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { HostDocument } from "../../ir/artifact.ts";
import { printDocument } from "../../reconcile/live/collected-document.ts";
import { type FileTarget, type StreamTarget, type Target, targetOf } from "./output-target.ts";
import { identityOf, wasRead } from "./read-bytes.ts";
import { reasonOf } from "./read-sources.ts";

/** A file that a command writes. */
export interface OutputFile {
  readonly path: string;
  readonly content: Uint8Array | string;
  /** Permissions of a new file. An existing one keeps its own, and its owner, unless this is `privateMode`. */
  readonly mode: number;
}

/** For files with the rules or names of a host: only their owner may read them, whatever was there before. */
export const privateMode = 0o600;

/** For files that are meant to be shared. */
export const sharedMode = 0o644;

/** Why files could not be written. */
export interface WriteFailure {
  readonly kind: "usage" | "environment";
  /** Includes what was written before the failure, or that nothing was. */
  readonly message: string;
}

/** A directory that holds exactly `files` among `known` names after it is written. Other files are unchanged. */
export interface OutputDirectory {
  readonly directory: string;
  readonly files: readonly { readonly name: string; readonly content: Uint8Array | string }[];
  readonly known: readonly string[];
}

/** Writes files, each whole or not at all, and synced to the disk. On failure, says what was written. */
export function writeFiles(files: readonly OutputFile[]): WriteFailure | undefined {
  return writeAll({ directories: [], files, removed: [], isSynced: true });
}

/** Writes directories, as `writeFiles` does. */
export function writeDirectories(outputs: readonly OutputDirectory[]): WriteFailure | undefined {
  const all = outputs.map(({ directory, files, known }) => {
    const kept = new Set(files.map(({ name }) => name));
    return {
      files: files.map(({ name, content }) => ({
        path: join(directory, name),
        content,
        mode: name.endsWith(".sh") ? 0o755 : sharedMode,
      })),
      removed: known.filter((name) => !kept.has(name)).map((name) => join(directory, name)),
    };
  });
  return writeAll({
    directories: outputs.map(({ directory }) => directory),
    files: all.flatMap(({ files }) => files),
    removed: all.flatMap(({ removed }) => removed),
    isSynced: false,
  });
}

interface Outputs {
  /** Created if they are missing. */
  readonly directories: readonly string[];
  readonly files: readonly OutputFile[];
  /** Files of an earlier run that are not part of this one. */
  readonly removed: readonly string[];
  readonly isSynced: boolean;
}

/** A path that cannot be written, with the reason and what was written nevertheless. */
class WriteError extends Error {
  readonly kind: WriteFailure["kind"];
  readonly outcome: string;

  constructor(message: string, { kind = "environment", outcome = "no file was changed" }: Partial<WriteError> = {}) {
    super(message);
    this.kind = kind;
    this.outcome = outcome;
  }
}

/** Every file of every command is written here. */
function writeAll({ directories, files, removed, isSynced }: Outputs): WriteFailure | undefined {
  const created: string[] = [];
  const temporary: string[] = [];
  const written: string[] = [];
  try {
    for (const directory of directories) named(`to ${directory}`, () => makeDirectory(directory, created));
    const outputs = files.map((file) => ({ ...file, target: named(file.path, () => targetOf(file.path)) }));
    refuseSharedFiles(outputs, removed);
    for (const { path, content, target } of outputs) {
      if (target.kind !== "stream") continue;
      writeInPlace(path, target, Buffer.from(content));
      written.push(path);
    }
    const staged = outputs.flatMap(({ path, content, mode, target }) => {
      if (target.kind !== "file" || holds(target, content, mode)) return [];
      const { file, beside } = named(path, () => openBeside(target, mode));
      temporary.push(beside);
      named(path, () => fill(file, Buffer.from(content), { target, mode, isSynced }));
      return [{ path, beside, at: target.path }];
    });
    for (const { path, beside, at } of staged) {
      named(path, () => renameSync(beside, at));
      written.push(path);
    }
    for (const path of removed) named(path, () => removeFile(path));
    return undefined;
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    for (const path of temporary) rmSync(path, { force: true });
    if (written.length === 0) removeDirectories(created);
    const outcome = written.length > 0 ? `already written: ${written.join(", ")}` : error.outcome;
    return { kind: error.kind, message: `${error.message}; ${outcome}` };
  }
}

const reasons: Readonly<Record<string, string>> = { EEXIST: "it is a file", ENOTDIR: "a parent of it is a file" };

/** Runs a step of writing; an error of the file system becomes one that names the path. */
function named<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new WriteError(`cannot write ${path}: ${reasons[code] ?? reasonOf(error)}`);
  }
}

/** An output must not replace an input of this run, another output, or the file that the shell has opened for them. */
function refuseSharedFiles(
  outputs: readonly { readonly path: string; readonly target: Target }[],
  removed: readonly string[],
): void {
  const taken = new Map<string, string>();
  for (const { path, target } of outputs) {
    const { kind, stats } = target;
    if (stats?.isCharacterDevice() === true) continue;
    if (stats !== undefined && wasRead(stats)) throw usedTwice(`${path} is also an input`);
    const identity = stats === undefined ? String(target.path) : identityOf(stats);
    const other = taken.get(identity);
    if (other === path) throw usedTwice(`two outputs have the same file ${path}`);
    if (other !== undefined) throw usedTwice(`two outputs have the same file: ${other} and ${path}`);
    taken.set(identity, path);
    const isOpen = kind === "file" && [1, 2].some((descriptor) => identity === identityOfDescriptor(descriptor));
    if (isOpen) throw usedTwice(`${path} is also the output of the command`);
  }
  for (const path of removed) {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats?.isDirectory()) throw new WriteError(`cannot write ${path}: it is a directory`);
    if (stats !== undefined && wasRead(stats)) throw usedTwice(`${path} is also an input`);
  }
}

function usedTwice(message: string): WriteError {
  return new WriteError(`${message}: pass another file`, { kind: "usage", outcome: "nothing was written" });
}

/** Undefined for a descriptor that is closed. */
function identityOfDescriptor(descriptor: number): string | undefined {
  try {
    return identityOf(fstatSync(descriptor, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** Without a reader, opening a FIFO waits for one, as in `cat > fifo`. A signal ends the process there. */
function writeInPlace(path: string, { path: at }: StreamTarget, bytes: Uint8Array): void {
  const file = typeof at === "number" ? at : named(path, () => openSync(at, constants.O_WRONLY | constants.O_NOCTTY));
  let count = 0;
  try {
    while (count < bytes.length) count += writeSome(file, bytes, count);
    if (file !== at) closeSync(file);
  } catch (error) {
    const outcome = `${count} of ${bytes.length} bytes were written to it`;
    throw new WriteError(`cannot write ${path}: ${reasonOf(error)}`, { outcome });
  }
}

/** Waits where a descriptor does not block, as a terminal's may not. */
function writeSome(file: number, bytes: Uint8Array, from: number): number {
  try {
    return writeSync(file, bytes, from);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    return 0;
  }
}

/** Whether a file has this content already, and may keep its permissions. */
function holds({ path, stats }: FileTarget, content: Uint8Array | string, mode: number): boolean {
  if (stats === undefined || (mode === privateMode && (stats.mode & 0o777n) !== BigInt(privateMode))) return false;
  try {
    return readFileSync(path).equals(Buffer.from(content));
  } catch {
    return false;
  }
}

/** A new file in the directory of the target. No other program can have made it, or a link in its place. */
function openBeside({ path, stats }: FileTarget, mode: number): { readonly file: number; readonly beside: string } {
  const beside = join(dirname(path), `.portolan-${randomBytes(8).toString("hex")}.new`);
  return { file: openSync(beside, "wx", stats === undefined ? mode : privateMode), beside };
}

interface Filling {
  readonly target: FileTarget;
  readonly mode: number;
  readonly isSynced: boolean;
}

/** Writes and closes a new file. */
function fill(file: number, bytes: Uint8Array, { target: { stats }, mode, isSynced }: Filling): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    if (stats !== undefined && mode !== privateMode) keepPermissions(file, stats);
    if (isSynced) fsyncSync(file);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  closeSync(file);
}

function keepPermissions(file: number, { uid, gid, mode }: BigIntStats): void {
  try {
    fchownSync(file, Number(uid), Number(gid));
  } catch {
    // Only root may give a file to another user.
  }
  fchmodSync(file, Number(mode & 0o777n));
}

/** Devices and FIFOs stay. */
function removeFile(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true || stats?.isSymbolicLink() === true) rmSync(path, { force: true });
}

/** Not `recursive: true`: with it, Node 20 never returns if even the root directory fails, as /proc does. */
function makeDirectory(directory: string, created: string[]): void {
  try {
    mkdirSync(directory);
    created.push(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(directory).isDirectory()) return;
    const parent = dirname(directory);
    if (code !== "ENOENT" || parent === directory) throw error;
    makeDirectory(parent, created);
    mkdirSync(directory);
    created.push(directory);
  }
}

function removeDirectories(created: readonly string[]): void {
  for (const directory of [...created].reverse()) {
    try {
      rmdirSync(directory);
    } catch {
      // Another process uses it already.
    }
  }
}

/** Lists the files of an earlier run, so that files of deleted objects can be removed and other files are kept. */
const indexName = ".portolan-snapshot";

/** As writeDirectories; files of an earlier call that are not among `files` are removed. */
export function writeSplit(directory: string, files: ReadonlyMap<string, string>): WriteFailure | undefined {
  const names = [...files.keys()].sort();
  const index = { name: indexName, content: names.map((name) => `${name}\n`).join("") };
  const contents = names.map((name) => ({ name, content: files.get(name) ?? "" }));
  return writeDirectories([{ directory, files: [...contents, index], known: earlierNames(directory) }]);
}

/** Only names that a snapshot can have: an edited index must not remove files outside the directory. */
function earlierNames(directory: string): readonly string[] {
  try {
    const path = join(directory, indexName);
    if (!statSync(path).isFile()) return [];
    const lines = readFileSync(path, "utf8").split("\n");
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
  const failure = writeAll({
    directories: [resolve(directory)],
    files: [{ path, content: printDocument(document), mode: privateMode }],
    removed: [],
    isSynced: true,
  });
  return failure === undefined
    ? { kind: "kept", path }
    : { kind: "failed", message: `cannot keep a backup in ${directory}: ${failure.message}` };
}
