import type { SourceResult } from "../host/files/read-sources.ts";
import type { HostDocument } from "../ir/artifact.ts";
import {
  expectedTexts,
  joinDumps,
  type NumberedSource,
  type ParsedDump,
  parseFiles,
  parseSource,
} from "../reconcile/live/parse-dump.ts";
import { type Effects, Failure } from "./effects.ts";
import { outDirNames } from "./sides/read-dump.ts";

/**
 * Reads what `--actual` names, for every command: files, `-`, folders and git objects, in any form that `parseDump`
 * accepts; texts without a name are of one host. What is left out or assumed is a notice. Throws where a text cannot be
 * read, or is none of a host.
 */
export async function readDumps(paths: readonly string[], effects: Effects): Promise<readonly HostDocument[]> {
  const parsed: ParsedDump[] = [];
  let count = 0;
  for (const path of paths) {
    effects.onProgress(`reading ${path}`);
    const { compiled, texts } = await sourcesOf(path, effects);
    const numbered = texts.map((source) => ({ ...source, number: count++ }));
    if (compiled)
      parsed.push(parseFiles(numbered.map((source, at) => ({ path: texts[at]?.path ?? "", source, firstLine: 1 }))));
    else parsed.push(...numbered.map((source) => parseSource(source)));
  }
  const { hosts, problems, notes } = joinDumps(parsed);
  const [problem] = problems;
  if (problem !== undefined) {
    const hint = problem.kind === "unrecognised" ? `: pass ${expectedTexts}` : "";
    throw new Failure(`${problem.file}: ${problem.message}${hint}`, "invalid-input");
  }
  showNotes(notes, effects);
  return hosts;
}

interface FoundTexts {
  /** Whether they are the files of `compile --out-dir`, whose names matter. */
  readonly compiled: boolean;
  readonly texts: readonly (Omit<NumberedSource, "number"> & { readonly path: string })[];
}

async function sourcesOf(path: string, { sources }: Effects): Promise<FoundTexts> {
  const found = await sources.findSource(path);
  switch (found.kind) {
    case "unreadable":
      throw new Failure(`cannot read ${path}: ${found.reason}`, "invalid-input");
    case "absent":
      throw new Failure(`${path} does not exist`, "invalid-input");
    case "file":
      return { compiled: false, texts: [{ path, ...textOf(found.result, path) }] };
    case "folder": {
      const compiled = outDirNames(found.names);
      const names = compiled.length > 0 ? compiled : found.names.filter((name) => !name.includes("/"));
      const results = await Promise.all(
        names.map(async (name) => ({ path: name, ...textOf(await found.read(name), path) })),
      );
      if (results.length === 0) throw new Failure(`there is no file in ${path}`, "invalid-input");
      return { compiled: compiled.length > 0, texts: results };
    }
  }
}

function textOf(result: SourceResult, path: string): Omit<NumberedSource, "number"> {
  if (result.kind === "text") return result.source;
  throw new Failure(`cannot read ${path}: ${result.reason}`, "invalid-input");
}

const mostNotes = 5;

/** Says what was left out and assumed. */
export function showNotes(notes: ParsedDump["notes"], { onNotice }: Pick<Effects, "onNotice">): void {
  for (const { file, line, message } of notes.slice(0, mostNotes))
    onNotice({ kind: "note", text: `${file}:${line}: ${message}` });
  const more = notes.length - mostNotes;
  if (more > 0) onNotice({ kind: "note", text: `... and ${more} more such ${more === 1 ? "place" : "places"}` });
}
