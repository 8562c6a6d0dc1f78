import { isUtf8 } from "node:buffer";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SourceText } from "./source.ts";

/** A text, or why there is none. */
export type SourceResult =
  | { readonly kind: "text"; readonly source: SourceText }
  | { readonly kind: "unreadable" | "not-text" | "empty"; readonly name: string; readonly reason: string };

const manifestName = /\.(?:ya?ml|json)$/;

/** Reads what one `--filename` names: a file, a directory (its manifests; deeper ones if recursive), or `-`. */
export function readSources(name: string, recursive: boolean): readonly SourceResult[] {
  if (name === "-") return [readSource("standard input", 0)];
  try {
    if (!statSync(name).isDirectory()) return [readSource(name, name)];
    const names = manifestsIn(name, recursive);
    if (names.length > 0) return names.map((file) => readSource(file, file));
    return [{ kind: "empty", name, reason: "no .yaml, .yml or .json file in it" }];
  } catch (error) {
    return [{ kind: "unreadable", name, reason: reasonOf(error) }];
  }
}

function manifestsIn(directory: string, recursive: boolean): readonly string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    const isDirectory = entry.isSymbolicLink() ? statSync(path).isDirectory() : entry.isDirectory();
    if (isDirectory) return recursive ? manifestsIn(path, true) : [];
    return manifestName.test(entry.name) ? [path] : [];
  });
}

function readSource(name: string, path: string | number): SourceResult {
  try {
    return sourceOf(name, readFileSync(path));
  } catch (error) {
    return { kind: "unreadable", name, reason: reasonOf(error) };
  }
}

/** Checks that bytes are UTF-8 text; the byte order mark that some editors write is taken off. */
export function sourceOf(name: string, bytes: Uint8Array): SourceResult {
  if (!isUtf8(bytes)) return { kind: "not-text", name, reason: "it is not UTF-8" };
  const text = new TextDecoder().decode(bytes);
  const zero = text.indexOf("\0");
  if (zero !== -1) return { kind: "not-text", name, reason: `it has a zero byte at offset ${zero}` };
  return { kind: "text", source: { name, text } };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
};

export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}
