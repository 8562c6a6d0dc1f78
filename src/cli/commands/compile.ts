import { join } from "node:path";
import { type CompiledNode, outputFileNames, outputFiles, printStructured, printText } from "../../app/print-script.ts";
import { readState, type State } from "../../app/read-state.ts";
import { type CompileOptions, compileNode } from "../../compile/compile.ts";
import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { writeDirectory } from "../../host/files/write-files.ts";
import { painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { type StateFlags, wantedFamilies } from "../program/state-flags.ts";
import { startProgress } from "../terminal/progress.ts";

export interface CompileFlags extends StateFlags {
  readonly allNodes?: boolean;
  readonly keepGoing?: boolean;
  readonly output?: "text" | "json" | "yaml";
  readonly outDir?: string;
}

/** `portolan compile`. Gives the exit code; what it prints on stdout is complete or absent. */
export async function runCompile(flags: CompileFlags): Promise<number> {
  const progress = startProgress(process.stderr);
  const more: CompileOptions = {
    families: wantedFamilies(flags.family),
    keepGoing: flags.keepGoing,
    origins: flags.output === "json" || flags.output === "yaml",
  };
  const state = await readState(flags, more, progress.tell);
  const { inputs, sink } = state;
  const compiled = compileState(state, flags, progress.tell);
  progress.end();
  const failed = hasErrors(sink.diagnostics);
  const complete = !failed || (flags.keepGoing === true && compiled.length > 0);
  const paint = painter(process.stderr, flags.color);
  process.stderr.write(renderDiagnostics(sink.diagnostics, inputs.documents, paint));
  if (complete) writeResult(compiled, state, flags);
  const summary = summarizeDiagnostics(sink.diagnostics);
  const ending = failed ? `; ${complete ? "objects with errors were skipped" : "nothing was written"}` : "";
  if (summary !== "") process.stderr.write(`\n${summary}${ending}\n`);
  return failed ? exitCodes.invalidInput : exitCodes.fine;
}

function compileState(
  { cluster, options, sink }: State,
  flags: CompileFlags,
  tell: (what: string) => void,
): readonly CompiledNode[] {
  if (hasErrors(sink.diagnostics) && flags.keepGoing !== true) return [];
  const names = flags.allNodes === true ? cluster.nodes.map(({ name }) => name).sort() : [flags.node];
  if (names.length === 0) throw new CommandFailure("--all-nodes needs at least one Node in the input", exitCodes.usage);
  const compiled: CompiledNode[] = [];
  for (const name of names) {
    tell(`compiling ${name ?? "the node"}`);
    const { script, node } = compileNode(cluster, name, options, sink);
    if (script !== undefined)
      compiled.push({ node: flags.allNodes === true ? (name as string) : (node as string), script });
  }
  return compiled;
}

function writeResult(compiled: readonly CompiledNode[], { cluster, inputs }: State, flags: CompileFlags): void {
  const inFolders = flags.allNodes === true;
  if (flags.outDir !== undefined) {
    for (const one of compiled) {
      writeDirectory(inFolders ? join(flags.outDir, one.node) : flags.outDir, outputFiles(one), outputFileNames);
    }
    return;
  }
  if (flags.output === "json" || flags.output === "yaml") {
    process.stdout.write(printStructured(compiled, cluster.proxyConfiguration.mode, inputs.documents, flags.output));
    return;
  }
  for (const part of printText(compiled, inFolders)) process.stdout.write(part);
}
