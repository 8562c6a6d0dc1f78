import { join } from "node:path";
import { Command, Option } from "commander";
import type { CompileResult } from "../../app/compile.ts";
import { exitCodes } from "../exit-codes.ts";
import { notEmpty } from "../flags.ts";
import { addHostPortOptions, addStateOptions, colorOption, type StateFlags } from "../state-flags.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { describeWritten, writeOutputs } from "../write-outputs.ts";

export interface CompileFlags extends StateFlags {
  readonly allNodes?: boolean;
  readonly keepGoing?: boolean;
  readonly output?: "text" | "json" | "yaml";
  readonly outDir?: string;
}

/** `portolan compile`, with its flags and help. */
export function compileCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("compile")
    .summary("write the rules kube-proxy would program on a node")
    .description(
      "Reads Services, EndpointSlices, Nodes and kube-proxy's configuration, and writes the rules that " +
        "kube-proxy would program on one node, as iptables-save, ipset, ipvsadm and nft print them.",
    );
  return addHostPortOptions(addStateOptions(command))
    .addOption(new Option("--all-nodes", "compile for every Node; with --out-dir, one folder each").conflicts("node"))
    .option("--keep-going", "skip objects with errors and compile the rest; the exit code is still 3")
    .addOption(
      new Option("-o, --output <format>", "default: text").choices(["text", "json", "yaml"]).conflicts("outDir"),
    )
    .option("--out-dir <dir>", "write the text output as files into this directory instead", notEmpty)
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async (flags: CompileFlags) => {
      finish(await runCompile(flags));
    });
}

/** Returns the exit code; stdout gets all of the output or nothing. */
export async function runCompile(flags: CompileFlags): Promise<number> {
  const [{ compileState }, { openTerminal }, { hasErrors }, { summarizeDiagnostics }] = await Promise.all([
    import("../../app/compile.ts"),
    import("../terminal/terminal.ts"),
    import("../../diagnostics/diagnostic.ts"),
    import("../../report/diagnostics.ts"),
  ]);
  const terminal = openTerminal(flags);
  const origins = flags.output === "json" || flags.output === "yaml";
  const result = await compileState({ ...flags, origins }, terminal.effects);
  const isFailed = hasErrors(result.diagnostics);
  const isComplete = !isFailed || result.nodes.length > 0;
  terminal.showDiagnostics(result);
  if (isComplete) await writeResult(result, flags, terminal);
  const summary = summarizeDiagnostics(result.diagnostics);
  const ending = isFailed ? `; ${isComplete ? "objects with errors were skipped" : "nothing was written"}` : "";
  if (summary !== "") terminal.warn(`\n${summary}${ending}\n`);
  return isFailed ? exitCodes.invalidInput : exitCodes.fine;
}

async function writeResult(result: CompileResult, flags: CompileFlags, terminal: Terminal): Promise<void> {
  const { nodes, mode, documents } = result;
  const { allNodes: inFolders = false, outDir, output } = flags;
  const { outputFileNames, outputFiles, printStructured, printText } = await import("../../report/script.ts");
  if (outDir !== undefined) {
    const outputs = nodes.map((one) => ({
      directory: inFolders ? join(outDir, one.node) : outDir,
      files: outputFiles(one),
      known: outputFileNames,
    }));
    await writeOutputs(({ writeDirectories }) => writeDirectories(outputs));
    return terminal.warn(describeWritten(outputs));
  }
  if (output === "json" || output === "yaml") terminal.print(printStructured(nodes, mode, documents, output));
  else for (const part of printText(nodes, inFolders)) terminal.print(part);
}

function examples(name: string): string {
  return `
Examples:
  # the rules of node1 in this cluster
  $ kubectl get services,endpointslices,nodes -A -o yaml | ${name} compile -f - --node node1

  # the same with kube-proxy's configuration, into files
  $ ${name} compile -f cluster.yaml -f kube-proxy-configmap.yaml --node node1 --out-dir rules

  # the cluster that kubectl talks to
  $ ${name} compile --live --node node1

  # the manifests of the last release, with the origin of each rule
  $ ${name} compile -f git:v1.4.0:deploy --node node1 -o json

Exit codes: 0 success, 2 usage, 3 input invalid (nothing is written), 4 environment.
`;
}
