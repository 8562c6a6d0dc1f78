import { join } from "node:path";
import { type CompileOptions, compileNode, readCluster } from "../../compile.ts";
import { createSink, hasErrors, type Sink } from "../../diagnostics/diagnostic.ts";
import { type Inputs, readInputs } from "../../host/read-inputs.ts";
import { reasonOf } from "../../host/read-sources.ts";
import { writeFiles } from "../../host/write-files.ts";
import type { ProxyMode } from "../../model/proxy-configuration.ts";
import { painter } from "../color.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { type CompiledNode, outputFileNames, outputFiles, printStructured, printText } from "../print-script.ts";
import { startProgress } from "../progress.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../render-diagnostics.ts";
import { type StateFlags, wantedFamilies } from "../state-flags.ts";

export interface CompileFlags extends StateFlags {
  readonly allNodes?: boolean;
  readonly keepGoing?: boolean;
  readonly output?: "text" | "json" | "yaml";
  readonly outDir?: string;
}

/** `portolan compile`. Gives the exit code; what it prints on stdout is complete or absent. */
export async function runCompile(flags: CompileFlags): Promise<number> {
  const sink = createSink();
  const progress = startProgress(process.stderr);
  progress.tell("reading the input");
  const inputs = await readInputs(
    { filenames: flags.filename, recursive: flags.recursive ?? false, proxyConfig: flags.proxyConfig },
    sink,
  );
  const { compiled, mode } = compileInputs(inputs, flags, sink, progress.tell);
  progress.end();
  const failed = hasErrors(sink.diagnostics);
  const complete = !failed || (flags.keepGoing === true && compiled.length > 0);
  const paint = painter(process.stderr, flags.color);
  process.stderr.write(renderDiagnostics(sink.diagnostics, inputs.documents, paint));
  if (complete) writeResult(compiled, mode, inputs, flags);
  const summary = summarizeDiagnostics(sink.diagnostics);
  const ending = failed ? `; ${complete ? "objects with errors were left out" : "nothing was written"}` : "";
  if (summary !== "") process.stderr.write(`\n${summary}${ending}\n`);
  return failed ? exitCodes.invalidInput : exitCodes.fine;
}

interface Compiled {
  readonly compiled: readonly CompiledNode[];
  readonly mode: ProxyMode;
}

function compileInputs(inputs: Inputs, flags: CompileFlags, sink: Sink, tell: (what: string) => void): Compiled {
  const unreadable = hasErrors(sink.diagnostics) && flags.keepGoing !== true;
  const options: CompileOptions = {
    mode: flags.mode,
    families: wantedFamilies(flags.family),
    nodePortRange: flags.serviceNodePortRange,
    keepGoing: flags.keepGoing,
    origins: flags.output === "json" || flags.output === "yaml",
  };
  tell("checking objects");
  const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  const cluster = readCluster(values, inputs.proxyConfigDocument, options, sink);
  const { mode } = cluster.proxyConfiguration;
  if (unreadable || (hasErrors(sink.diagnostics) && flags.keepGoing !== true)) return { compiled: [], mode };
  const names = flags.allNodes === true ? cluster.nodes.map(({ name }) => name).sort() : [flags.node];
  if (names.length === 0) throw new CommandFailure("--all-nodes: the input has no Node", exitCodes.usage);
  const compiled: CompiledNode[] = [];
  for (const name of names) {
    tell(`compiling ${name ?? "the node"}`);
    const { script, node } = compileNode(cluster, name, options, sink);
    if (script !== undefined)
      compiled.push({ node: flags.allNodes === true ? (name as string) : (node as string), script });
  }
  return { compiled, mode };
}

function writeResult(compiled: readonly CompiledNode[], mode: ProxyMode, inputs: Inputs, flags: CompileFlags): void {
  const inFolders = flags.allNodes === true;
  if (flags.outDir !== undefined) {
    for (const one of compiled) writeNode(inFolders ? join(flags.outDir, one.node) : flags.outDir, one);
    return;
  }
  if (flags.output === "json" || flags.output === "yaml") {
    process.stdout.write(printStructured(compiled, mode, inputs.documents, flags.output));
    return;
  }
  for (const part of printText(compiled, inFolders)) process.stdout.write(part);
}

function writeNode(directory: string, compiled: CompiledNode): void {
  try {
    writeFiles(directory, outputFiles(compiled), outputFileNames);
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = { EEXIST: "it is a file", ENOTDIR: "a part of it is a file" };
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? reasonOf(error);
    throw new CommandFailure(
      `cannot write to ${directory}: ${reason}; nothing there was changed`,
      exitCodes.environment,
    );
  }
}
