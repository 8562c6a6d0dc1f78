import { isUtf8 } from "node:buffer";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { isManifest, type SourceText } from "../../model/documents/source.ts";
import { mostBytes, readBytes, readInput, tooLargeReason, unfitReason } from "./read-bytes.ts";

/** A text, or why there is none. `skipped`: no file to read, found in a directory. */
export type SourceResult =
  | { readonly kind: "text"; readonly source: SourceText }
  | { readonly kind: "unreadable" | "not-text" | "empty" | "skipped"; readonly name: string; readonly reason: string };

/** Reads what one `--filename` names: a file, a directory (its manifests; deeper ones if recursive), or `-`. */
export function readSources(name: string, recursive: boolean): readonly SourceResult[] {
  if (name === "-") return [readStandardInput()];
  try {
    const stats = statSync(name);
    if (!stats.isDirectory()) return [stats.isFile() ? readSource(name, name) : readOnce(name, name)];
    const found = readDirectory(name, recursive, []);
    if (found.some(({ kind }) => kind !== "skipped")) return found;
    return [...found, { kind: "empty", name, reason: "it contains no .yaml, .yml or .json file" }];
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
      if (isDirectory ? !recursive : !isManifest(entry.name)) return [];
      const reason = unfitReason(path);
      if (reason !== undefined) return [{ kind: "skipped" as const, name: path, reason }];
      if (isDirectory) return readDirectory(path, true, [...above, here]);
    } catch (error) {
      if (recursive || isManifest(entry.name)) {
        return [{ kind: "unreadable" as const, name: path, reason: reasonOf(error) }];
      }
    }
    return [readSource(path, path)];
  });
}

/** Pipes and other files that can be read only once; a command may need them twice. */
const kept = new Map<string, SourceResult>();

function readStandardInput(): SourceResult {
  return readOnce("standard input", 0);
}

function readOnce(name: string, path: string | number): SourceResult {
  const result = kept.get(name) ?? readSource(name, path);
  kept.set(name, result);
  return result;
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
  if (bytes.length > mostBytes) return { kind: "unreadable", name, reason: tooLargeReason };
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
    return { kind: "text", text: (isReplaceable ? readBytes(file) : readInput(file)).toString("utf8") };
  } catch (error) {
    return { kind: "unreadable", reason: reasonOf(error) };
  }
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
