import { type HostSide, type HostSides, hostSideOf } from "../../diff/host-side.ts";
import { filesByName } from "../../languages/registry.ts";
import type { SourceText } from "../../model/documents/source.ts";
import {
  type CompiledFile,
  joinDumps,
  type ParsedDump,
  parseFiles,
  parseSource,
} from "../../reconcile/live/parse-dump.ts";

/** Reads texts that tools, collect or `compile -o text` wrote; those without a name are of one host. */
export function readDumpTexts(sources: readonly SourceText[]): HostSides {
  return sidesOf(
    joinDumps(sources.map((source, number) => parseSource({ ...source, number }))),
    sources[0]?.name ?? "",
  );
}

/** The hosts of a parsed dump; refused where a problem may hide a rule. */
function sidesOf({ hosts, problems, notes }: ParsedDump, file: string): HostSides {
  const [problem] = problems;
  if (problem !== undefined) return { kind: "broken", message: `${problem.file}: ${problem.message}` };
  const sides: HostSide[] = [];
  for (const host of hosts) {
    const side = hostSideOf(host, file);
    if (typeof side === "string") return { kind: "broken", message: side };
    sides.push(side);
  }
  return { kind: "hosts", hosts: sides, notes };
}

/** The files of a folder that `compile --out-dir` wrote: those at its top, else those of a folder for each node. */
export function outDirNames(names: readonly string[]): readonly string[] {
  const known = names.filter((name) => isCompiledFile(name.slice(name.lastIndexOf("/") + 1)));
  const atTop = known.filter((name) => !name.includes("/"));
  if (atTop.length > 0) return atTop;
  return known.filter((name) => name.split("/").length === 2);
}

function isCompiledFile(name: string): boolean {
  return name === "apply.sh" || filesByName.has(name);
}

/** Reads the files of `compile --out-dir`, by their paths in it. */
export function readOutDir(files: readonly { readonly path: string; readonly source: SourceText }[]): HostSides {
  const numbered = files.map(
    ({ path, source }, number): CompiledFile => ({ path, source: { ...source, number }, firstLine: 1 }),
  );
  return sidesOf(parseFiles(numbered), files[0]?.source.name ?? "");
}
