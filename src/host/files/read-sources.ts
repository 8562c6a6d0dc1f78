import { isUtf8 } from "node:buffer";
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { SourceText } from "../../model/documents/source.ts";

/** A text, or why there is none. */
export type SourceResult =
  | { readonly kind: "text"; readonly source: SourceText }
  | { readonly kind: "unreadable" | "not-text" | "empty"; readonly name: string; readonly reason: string };

const manifestName = /\.(?:ya?ml|json)$/;

/** Reads what one `--filename` names: a file, a directory (its manifests; deeper ones if recursive), or `-`. */
export function readSources(name: string, recursive: boolean): readonly SourceResult[] {
  if (name === "-") return [readStandardInput()];
  try {
    if (!statSync(name).isDirectory()) return [readSource(name, name)];
    const found = readDirectory(name, recursive, []);
    return found.length > 0 ? found : [{ kind: "empty", name, reason: "it contains no .yaml, .yml or .json file" }];
  } catch (error) {
    return [{ kind: "unreadable", name, reason: reasonOf(error) }];
  }
}

/** `above` are the real paths of the parent directories: a link back to one of them would recurse without end. */
function readDirectory(directory: string, recursive: boolean, above: readonly string[]): readonly SourceResult[] {
  const here = realpathSync(directory);
  if (above.includes(here)) {
    return [{ kind: "unreadable", name: directory, reason: "it links to a directory above itself" }];
  }
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    try {
      const isDirectory = entry.isSymbolicLink() ? statSync(path).isDirectory() : entry.isDirectory();
      if (isDirectory) return recursive ? readDirectory(path, true, [...above, here]) : [];
    } catch (error) {
      if (recursive || manifestName.test(entry.name)) {
        return [{ kind: "unreadable" as const, name: path, reason: reasonOf(error) }];
      }
    }
    return manifestName.test(entry.name) ? [readSource(path, path)] : [];
  });
}

let standardInput: SourceResult | undefined;

/** Read once and kept: a command may need it twice. */
function readStandardInput(): SourceResult {
  standardInput ??= readSource("standard input", 0);
  return standardInput;
}

function readSource(name: string, path: string | number): SourceResult {
  try {
    return sourceOf(name, readInput(path));
  } catch (error) {
    return { kind: "unreadable", name, reason: reasonOf(error) };
  }
}

/** Checks that bytes are UTF-8 text; a byte order mark is removed. */
export function sourceOf(name: string, bytes: Uint8Array): SourceResult {
  if (!isUtf8(bytes)) return { kind: "not-text", name, reason: "it is not UTF-8" };
  const text = new TextDecoder().decode(bytes);
  const zero = text.indexOf("\0");
  if (zero !== -1) return { kind: "not-text", name, reason: `it has a zero byte at offset ${zero}` };
  return { kind: "text", source: { name, text } };
}

export type ReadText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads a file, or standard input for `-`, whatever it holds. `isReplaceable`: the run may also write it. */
export function readText(path: string, { isReplaceable = false } = {}): ReadText {
  const file = path === "-" ? 0 : path;
  try {
    return { kind: "text", text: (isReplaceable ? readFileSync(file) : readInput(file)).toString("utf8") };
  } catch (error) {
    return { kind: "unreadable", reason: reasonOf(error) };
  }
}

/** The files that this run has read. */
const identitiesRead = new Set<string>();

/** Reads a file or a descriptor, and notes it: an output must not replace an input. Throws the file system's error. */
export function readInput(path: string | number): Buffer {
  const file = typeof path === "number" ? path : openSync(path, "r");
  try {
    identitiesRead.add(identityOf(fstatSync(file, { bigint: true })));
    return readFileSync(file);
  } finally {
    if (file !== path) closeSync(file);
  }
}

/** Whether this run has read a file, under whatever name. */
export function wasRead(stats: BigIntStats): boolean {
  return identitiesRead.has(identityOf(stats));
}

/** What all names of a file have in common. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EISDIR: "it is a directory",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than allowed (ulimit -f)",
  EPIPE: "its reader has closed it",
  EBUSY: "it is in use, as a mount point is",
  ENXIO: "it is a socket, or a device that does not exist",
};

export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}
