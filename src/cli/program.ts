import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { escapeControls } from "../diagnostics/printable.ts";
import type { PortRange } from "../model/check-clashes.ts";
import type { CompileFlags } from "./commands/compile.ts";
import { versionText } from "./version.ts";

/** Messages quote what was typed, or pasted: a terminal must not act on it. */
const output = {
  outputError: (text: string, write: (text: string) => void): void => {
    write(text.split("\n").map(escapeControls).join("\n"));
  },
};

/** The command line. `name` is what help calls it: portolan, or kubectl portolan. Actions load what they need. */
export function createProgram(name: string, finish: (exitCode: number) => void): Command {
  const program = new Command(name)
    .description("Shows what a Kubernetes Service does on a node: the rules kube-proxy would program, as text.")
    .version(versionText(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: 80, showGlobalOptions: false })
    .configureOutput(output)
    .exitOverride();
  program.addCommand(compileCommand(name, finish));
  program.addCommand(explainCommand(name));
  program.addCommand(completionCommand(name, program));
  program
    .command("version", { hidden: false })
    .description("print the version")
    .action(() => {
      process.stdout.write(`${versionText()}\n`);
    });
  program.addHelpText("after", `\nStart here:\n  $ ${name} compile -f cluster.yaml --node node1\n`);
  for (const command of program.commands)
    command.configureHelp({ helpWidth: 80 }).configureOutput(output).exitOverride();
  return program;
}

function compileCommand(name: string, finish: (exitCode: number) => void): Command {
  return new Command("compile")
    .summary("write the rules kube-proxy would program on a node")
    .description(
      "Reads Services, EndpointSlices, Nodes and kube-proxy's configuration, and writes the iptables rules that " +
        "kube-proxy 1.36 would program on one node, as iptables-save prints them.",
    )
    .requiredOption(
      "-f, --filename <path>",
      "file, directory, - for standard input, or git:REF[:PATH]; repeatable",
      collect,
    )
    .option("-R, --recursive", "read directories below those named by -f as well")
    .option(
      "--proxy-config <file>",
      "KubeProxyConfiguration; replaces the ConfigMap kube-system/kube-proxy of the input",
    )
    .addOption(
      new Option("--node <name>", "the node to compile for; not needed when the input has one Node")
        .argParser(notEmpty)
        .conflicts("allNodes"),
    )
    .option("--all-nodes", "compile for every Node; with --out-dir, one folder each")
    .addOption(
      new Option("--mode <mode>", "kube-proxy's mode; default: the configuration's").choices(["iptables", "ipvs"]),
    )
    .addOption(
      new Option("--family <family>", "default: the families the Node and the Services use").choices([
        "ipv4",
        "ipv6",
        "dual",
      ]),
    )
    .option("--service-node-port-range <range>", "the API server's range (default: 30000-32767)", portRange)
    .option("--keep-going", "leave out objects with errors and write the rest; the exit code is still 3")
    .addOption(
      new Option("-o, --output <format>", "default: text").choices(["text", "json", "yaml"]).conflicts("outDir"),
    )
    .option("--out-dir <dir>", "write the files of text output into this directory instead")
    .addOption(new Option("--color <when>", "colour of messages").choices(["auto", "always", "never"]).default("auto"))
    .addHelpText("after", compileExamples(name))
    .action(async (flags: CompileFlags) => {
      const { runCompile } = await import("./commands/compile.ts");
      finish(await runCompile(flags));
    });
}

function compileExamples(name: string): string {
  return `
Examples:
  # what node1 of this cluster is programmed with
  $ kubectl get services,endpointslices,nodes -A -o yaml | ${name} compile -f - --node node1

  # the same with kube-proxy's configuration, into files
  $ ${name} compile -f cluster.yaml -f kube-proxy-configmap.yaml --node node1 --out-dir rules

  # manifests as they were in the last release, and where each rule comes from
  $ ${name} compile -f git:v1.4.0:deploy --node node1 -o json

Exit codes: 0 fine, 2 usage, 3 input invalid (nothing is written), 4 environment.
`;
}

function explainCommand(name: string): Command {
  return new Command("explain")
    .summary("print the long text of a diagnostic")
    .description("Prints what a diagnostic means, why it is given and what to do. Without a code, lists all codes.")
    .argument("[code]", "such as node-port-taken")
    .addHelpText("after", `\nExample:\n  $ ${name} explain node-port-taken\n`)
    .action(async (code: string | undefined) => {
      const { runExplain } = await import("./commands/explain.ts");
      runExplain(code);
    });
}

function completionCommand(name: string, program: Command): Command {
  const shell = new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]);
  return new Command("completion")
    .summary("print a completion script for a shell")
    .description("Prints a script that completes commands and flags in bash, zsh or fish.")
    .addArgument(shell)
    .addHelpText("after", `\nExample:\n  $ source <(${name} completion bash)\n`)
    .action(async (chosen: "bash" | "zsh" | "fish") => {
      const { printCompletion } = await import("./commands/completion.ts");
      process.stdout.write(printCompletion(program, chosen));
    });
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), notEmpty(value)];
}

function notEmpty(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty.");
  return value;
}

function portRange(text: string): PortRange {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (!(range.first >= 1 && range.first <= range.last && range.last <= 65_535)) {
    throw new InvalidArgumentError("Write it as FIRST-LAST, such as 30000-32767.");
  }
  return range;
}
