import type { HostSide, HostSides } from "../../diff/host-side.ts";
import type { FoundSource } from "../../host/files/find-source.ts";
import type { SourceResult } from "../../host/files/read-sources.ts";
import { filesByName, isToolText } from "../../languages/registry.ts";
import { isManifest, type SourceText } from "../../model/documents/source.ts";
import { type Effects, Failure } from "../effects.ts";
import { showNotes } from "../read-dumps.ts";
import { outDirNames, readDumpTexts, readOutDir } from "./read-dump.ts";

/** The kind of content found at a path of `diff`. */
export type SideContent =
  /** Manifests: the compiler's own readers read them. */
  /** `problem`: why the one file cannot be read; reading the manifests reports it, too. */
  | { readonly kind: "manifests"; readonly problem?: string }
  | { readonly kind: "hosts"; readonly hosts: readonly HostSide[] }
  /** Empty: all manifests were deleted, or do not exist yet. */
  | { readonly kind: "empty"; readonly reason: string };

/** Inspects a side of `diff` and reads it, unless it contains manifests. Throws if it contains neither. */
export async function readSide(
  path: string,
  recursive: boolean,
  effects: Pick<Effects, "sources" | "onNotice">,
): Promise<SideContent> {
  const found = await effects.sources.findSource(path);
  switch (found.kind) {
    case "unreadable":
      throw failure(`cannot read ${path}: ${found.reason}`);
    case "absent":
      return { kind: "empty", reason: `${path} does not exist` };
    case "file":
      return readFile(found.result, effects);
    case "folder":
      return readFolder(path, found, { recursive, effects });
  }
}

type Noticing = Pick<Effects, "onNotice">;

function readFile(result: SourceResult, effects: Noticing): SideContent {
  if (result.kind !== "text") return { kind: "manifests", problem: `cannot read ${result.name}: ${result.reason}` };
  if (!isDump(result.source)) return { kind: "manifests" };
  return hostsOf(readDumpTexts([result.source]), effects);
}

/** By its name, or by its lines. */
function isDump({ name, text }: SourceText): boolean {
  return filesByName.has(name.slice(name.lastIndexOf("/") + 1)) || isToolText(text);
}

type Folder = FoundSource & { readonly kind: "folder" };

interface FolderContext {
  readonly recursive: boolean;
  readonly effects: Noticing;
}

async function readFolder(
  path: string,
  { names, read }: Folder,
  { recursive, effects }: FolderContext,
): Promise<SideContent> {
  const compiled = outDirNames(names);
  if (compiled.length > 0) {
    const files = await Promise.all(compiled.map(async (path) => ({ path, source: sourceOf(await read(path)) })));
    return hostsOf(readOutDir(files), effects);
  }
  if (names.some((name) => isManifest(name) && (recursive || !name.includes("/")))) return { kind: "manifests" };
  if (names.length === 0) return { kind: "empty", reason: `${path} is an empty folder` };
  const results = await Promise.all(names.filter((name) => !name.includes("/")).map(read));
  // Dumps of collect are a host each, texts of single tools are of one host together.
  const texts = results.flatMap((result) => (result.kind === "text" && isDump(result.source) ? [result.source] : []));
  if (texts.length > 0) return hostsOf(readDumpTexts(texts), effects);
  throw failure(
    `${path} contains no manifests (.yaml, .yml, .json), no files written by compile --out-dir, and no dump`,
  );
}

function hostsOf(read: HostSides, effects: Noticing): SideContent {
  if (read.kind === "broken") throw failure(read.message);
  showNotes(read.notes, effects);
  return read;
}

function sourceOf(result: SourceResult): SourceText {
  if (result.kind === "text") return result.source;
  throw failure(`cannot read ${result.name}: ${result.reason}`);
}

function failure(message: string): Failure {
  return new Failure(message, "invalid-input");
}
