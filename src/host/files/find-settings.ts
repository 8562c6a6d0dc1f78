import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, type Stats, statSync } from "node:fs";
import { devNull } from "node:os";
import { dirname, join, relative } from "node:path";
import { type SourceText, settingsName } from "../../model/documents/source.ts";
import { readInput } from "./read-bytes.ts";
import { reasonOf, sourceOf } from "./read-sources.ts";

/** Of more than this it is no file of settings. */
const mostBytes = 1_000_000;

export type SettingsFile =
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly path: string; readonly source: SourceText }
  | { readonly kind: "unreadable"; readonly path: string; readonly reason: string }
  /** It was found, and another user may have put it there. */
  | { readonly kind: "untrusted"; readonly path: string; readonly reason: string };

export interface SettingsQuestion {
  /** Undefined: it no longer exists. */
  readonly directory: string | undefined;
  /** A file to take instead of searching; the null device for none. */
  readonly named: string | undefined;
  /** For a command that changes a host or judges it: the owner of the directory alone is not trusted. */
  readonly isOnHost: boolean;
}

/**
 * Reads the settings file: the first one in the directory or above it, up to the root of the repository, or of the file
 * system outside of one.
 */
export function readSettingsFile({ directory, named, isOnHost }: SettingsQuestion): SettingsFile {
  if (named === devNull) return { kind: "none" };
  if (named !== undefined) return readFile(named, () => undefined);
  const path = directory === undefined ? undefined : search(directory);
  if (directory === undefined || path === undefined) return { kind: "none" };
  const trusted = [...ownUsers(), ...(isOnHost ? [] : [statSync(directory).uid])];
  return readFile(path, (file) => distrust(file, { trusted, isOnHost }));
}

function search(directory: string): string | undefined {
  for (let here = directory; ; here = dirname(here)) {
    const path = join(here, settingsName);
    if (existsSync(path)) return relative(directory, path);
    if (existsSync(join(here, ".git")) || here === dirname(here)) return undefined;
  }
}

/** This user, root, and who ran sudo. Empty where users have no numbers. */
function ownUsers(): readonly number[] {
  const user = process.getuid?.();
  if (user === undefined) return [];
  const { SUDO_UID: behind = "" } = process.env;
  return [user, 0, ...(user === 0 && /^\d+$/.test(behind) ? [Number(behind)] : [])];
}

type Owned = Pick<Stats, "uid" | "mode">;

/** Why a file that was found is not used. */
function distrust(
  { uid, mode }: Owned,
  { trusted, isOnHost }: { readonly trusted: readonly number[]; readonly isOnHost: boolean },
): string | undefined {
  if (process.getuid === undefined) return undefined;
  if (!trusted.includes(uid)) return `it belongs to another user (${uid})`;
  return isOnHost && (mode & constants.S_IWOTH) !== 0 ? "every user can write it" : undefined;
}

/** What is checked is what is read, even if the name leads to another file meanwhile. */
function readFile(path: string, distrusts: (file: Owned) => string | undefined): SettingsFile {
  let file: number | undefined;
  try {
    const link = lstatSync(path);
    // A pipe without a writer would block.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    const reason = distrusts(stats) ?? (link.isSymbolicLink() ? distrusts({ uid: link.uid, mode: 0 }) : undefined);
    if (reason !== undefined) return { kind: "untrusted", path, reason };
    if (stats.isDirectory()) return { kind: "unreadable", path, reason: "it is a directory" };
    if (!stats.isFile()) return { kind: "unreadable", path, reason: "it is not a regular file" };
    if (stats.size > mostBytes)
      return { kind: "unreadable", path, reason: `it is larger than ${mostBytes / 1_000_000} MB` };
    const read = sourceOf(path, readInput(file));
    return read.kind === "text"
      ? { kind: "text", path, source: read.source }
      : { kind: "unreadable", path, reason: read.reason };
  } catch (error) {
    return { kind: "unreadable", path, reason: reasonOf(error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
