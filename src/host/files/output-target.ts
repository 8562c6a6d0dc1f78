import { type BigIntStats, fstatSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Where a path leads to. */
export type Target = FileTarget | StreamTarget;

/** A regular file, or none yet: replaced by a rename. */
export interface FileTarget {
  readonly kind: "file";
  /** Without links: a rename would replace the link. */
  readonly path: string;
  readonly stats: BigIntStats | undefined;
}

/** A device, a FIFO or an open descriptor such as /dev/stdout: written in place. */
export interface StreamTarget {
  readonly kind: "stream";
  readonly path: string | number;
  readonly stats: BigIntStats;
}

/** Throws the file system's error; a directory is one. */
export function targetOf(path: string): Target {
  // The kernel follows links first: it refuses those that another user has planted in /tmp.
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats?.isDirectory() || /\/\.{0,2}$/.test(path)) throw systemError("EISDIR");
  // The standard output of this process may be a socket, which cannot be opened.
  if (stats !== undefined && !stats.isFile() && !stats.isSocket()) return { kind: "stream", path, stats };
  const found = followLinks(path);
  if (typeof found === "number") return { kind: "stream", path: found, stats: fstatSync(found, { bigint: true }) };
  if (stats === undefined || (stats.isFile() && isNamed(found, stats))) return { kind: "file", path: found, stats };
  return { kind: "stream", path, stats };
}

/** A link below /proc may lead to a file whose name is gone. */
function isNamed(path: string, { dev, ino }: BigIntStats): boolean {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found?.dev === dev && found.ino === ino;
}

const mostLinks = 40;

/** The path without links, of which the last may lead to no file; or the descriptor of this process that it names. */
function followLinks(path: string): string | number {
  let at = path;
  for (let links = 0; links < mostLinks; links++) {
    const directory = realpathSync(dirname(at));
    at = join(directory, basename(at));
    const isLink = lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    if (!isLink) return at;
    if (directory === ownDescriptors()) return Number(basename(at));
    at = resolve(directory, readlinkSync(at));
  }
  throw systemError("ELOOP");
}

function ownDescriptors(): string | undefined {
  try {
    return realpathSync("/proc/self/fd");
  } catch {
    return undefined;
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
