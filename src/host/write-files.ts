import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface OutputFile {
  readonly name: string;
  readonly content: Uint8Array | string;
}

/**
 * Makes a directory hold exactly `files` among `known` names; other files in it are not touched. All are written
 * under other names first, so that a full disk or a missing permission leaves the old content whole. Throws the
 * file system's error.
 */
export function writeFiles(directory: string, files: readonly OutputFile[], known: readonly string[]): void {
  mkdirSync(directory, { recursive: true });
  const staged = files.filter((file) => !holds(join(directory, file.name), file.content));
  const temporary = (name: string): string => join(directory, `.${name}.${process.pid}.new`);
  try {
    for (const { name, content } of staged)
      writeFileSync(temporary(name), content, { mode: name.endsWith(".sh") ? 0o755 : 0o644 });
  } catch (error) {
    for (const { name } of staged) rmSync(temporary(name), { force: true });
    throw error;
  }
  for (const { name } of staged) renameSync(temporary(name), join(directory, name));
  const kept = new Set(files.map(({ name }) => name));
  for (const name of known) if (!kept.has(name)) rmSync(join(directory, name), { force: true });
}

function holds(path: string, content: Uint8Array | string): boolean {
  try {
    return readFileSync(path).equals(Buffer.from(content));
  } catch {
    return false;
  }
}
