import type { HostSide } from "../../diff/host-side.ts";
import type { FoundSource } from "../../host/files/find-source.ts";
import type { SourceResult } from "../../host/files/read-sources.ts";
import { recognizeText } from "../../languages/registry.ts";
import type { SourceText } from "../../model/documents/source.ts";
import { type Effects, Failure } from "../effects.ts";
import { outDirNames, readDump, readOutDir, readToolTexts } from "./read-dump.ts";

/** The kind of content found at a path of `diff`. */
export type SideContent =
  /** Manifests: the compiler's own readers read them. */
  /** `problem`: why the one file cannot be read; reading the manifests reports it, too. */
  | { readonly kind: "manifests"; readonly problem?: string }
  | { readonly kind: "hosts"; readonly hosts: readonly HostSide[] }
  /** Empty: all manifests were deleted, or do not exist yet. */
  | { readonly kind: "empty"; readonly reason: string };

const manifestName = /\.(?:ya?ml|json)$/;

/** Inspects a side of `diff` and reads it, unless it contains manifests. Throws if it contains neither. */
export async function readSide(
  path: string,
  recursive: boolean,
  { sources }: Pick<Effects, "sources">,
): Promise<SideContent> {
  const found = await sources.findSource(path);
  switch (found.kind) {
    case "unreadable":
      throw failure(`cannot read ${path}: ${found.reason}`);
    case "absent":
      return { kind: "empty", reason: `${path} does not exist` };
    case "file":
      return readFile(found.result);
    case "folder":
      return readFolder(path, found, recursive);
  }
}

function readFile(result: SourceResult): SideContent {
  if (result.kind !== "text") return { kind: "manifests", problem: `cannot read ${result.name}: ${result.reason}` };
  const read = readDump(result.source);
  if (read === undefined) return { kind: "manifests" };
  if (read.kind === "broken") throw failure(read.message);
  return read;
}

type Folder = FoundSource & { readonly kind: "folder" };

async function readFolder(path: string, { names, read }: Folder, recursive: boolean): Promise<SideContent> {
  const compiled = outDirNames(names);
  if (compiled.length > 0) {
    const files = await Promise.all(compiled.map(async (path) => ({ path, source: sourceOf(await read(path)) })));
    return hostsOf(readOutDir(files));
  }
  if (names.some((name) => manifestName.test(name) && (recursive || !name.includes("/")))) return { kind: "manifests" };
  if (names.length === 0) return { kind: "empty", reason: `${path} is an empty folder` };
  return readDumps(path, await Promise.all(names.filter((name) => !name.includes("/")).map(read)));
}

/** A folder of dumps: those of collect are a host each, texts of single tools are of one host together. */
function readDumps(path: string, results: readonly SourceResult[]): SideContent {
  const sources = results.flatMap((result) => (result.kind === "text" ? [result.source] : []));
  const tools = sources.filter(({ text }) => typeof recognizeText(text) !== "string");
  const whole = sources.filter(({ text }) => ["collected", "compiled"].includes(recognizeText(text) as string));
  const hosts = whole.flatMap((source) => {
    const content = readDump(source);
    return content === undefined ? [] : hostsOf(content).hosts;
  });
  if (tools.length > 0) hosts.push(...hostsOf(readToolTexts(tools)).hosts);
  if (hosts.length > 0) return { kind: "hosts", hosts };
  throw failure(
    `${path} contains no manifests (.yaml, .yml, .json), no files written by compile --out-dir, and no dump`,
  );
}

function hostsOf(read: ReturnType<typeof readOutDir>): SideContent & { readonly kind: "hosts" } {
  if (read.kind === "broken") throw failure(read.message);
  return read;
}

function sourceOf(result: SourceResult): SourceText {
  if (result.kind === "text") return result.source;
  throw failure(`cannot read ${result.name}: ${result.reason}`);
}

function failure(message: string): Failure {
  return new Failure(message, "invalid-input");
}
