import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ActualFile } from "../../check/text/check-host.ts";
import { createSubject, type Sink } from "../../diagnostics/diagnostic.ts";
import { documentPlace } from "../../diagnostics/place.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import { readInput, unfitReason } from "./read-bytes.ts";
import { reasonOf, sourceOf } from "./read-sources.ts";

/** The texts of one host: files named one by one belong together, and so do those of a folder. */
export interface ActualGroup {
  readonly name: string;
  readonly files: readonly ActualFile[];
}

export interface Actual {
  readonly groups: readonly ActualGroup[];
  readonly documents: readonly SourceDocument[];
}

/** Reads what `--actual` names: files, `-`, or folders as `compile --out-dir` writes them. Documents count from `first`. */
export function readActual(paths: readonly string[], first: number, sink: Sink): Actual {
  const documents: SourceDocument[] = [];
  const read = (name: string, path: string | number, isFromFolder: boolean): readonly ActualFile[] => {
    const document = first + documents.length;
    const unfit = isFromFolder ? unfitReason(name) : undefined;
    const [text, reason] = unfit === undefined ? readText(name, path) : ["", unfit];
    documents.push({
      value: undefined,
      source: { name, text },
      form: { kind: reason === undefined ? "lines" : "none" },
    });
    if (reason === undefined) return [{ name, text, document, isFromFolder }];
    const code = unfit === undefined ? "dump-unreadable" : "input-skipped";
    sink.reporter(createSubject())(code, documentPlace(document), { path: name, reason });
    return [];
  };
  const single = paths.filter((path) => !isFolder(path));
  const alone = single.flatMap((path) => (path === "-" ? read("standard input", 0, false) : read(path, path, false)));
  const folders = paths.filter(isFolder).flatMap((path) => [path, ...foldersIn(path)]);
  const groups = folders.map((path) => ({
    name: path,
    files: filesIn(path).flatMap((file) => read(file, file, true)),
  }));
  return { groups: [{ name: "", files: alone }, ...groups].filter(({ files }) => files.length > 0), documents };
}

function readText(name: string, path: string | number): readonly [text: string, reason: string | undefined] {
  try {
    const result = sourceOf(name, readInput(path));
    return result.kind === "text" ? [result.source.text, undefined] : ["", result.reason];
  } catch (error) {
    return ["", reasonOf(error)];
  }
}

function isFolder(path: string): boolean {
  return path !== "-" && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

/** `compile --all-nodes` makes a folder for each node. */
function foldersIn(path: string): readonly string[] {
  return entries(path).filter(isFolder);
}

function filesIn(path: string): readonly string[] {
  return entries(path).filter((entry) => statSync(entry, { throwIfNoEntry: false })?.isDirectory() === false);
}

function entries(path: string): readonly string[] {
  return readdirSync(path)
    .sort()
    .map((name) => join(path, name));
}
