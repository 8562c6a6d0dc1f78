import { Argument, Command, Option } from "commander";
import { escapeControls } from "../../diagnostics/printable.ts";
import type { CompileFlags } from "../commands/compile.ts";
import { checkCommand } from "./check-command.ts";
import { diffCommand } from "./diff-command.ts";
import { explainCommand } from "./explain-command.ts";
import { hostCommands } from "./host-commands.ts";
import { explainPacketCommand } from "./packet-command.ts";
import { simulateCommand } from "./simulate-command.ts";
import { snapshotCommand } from "./snapshot-command.ts";
import { addStateOptions, colorOption } from "./state-flags.ts";
import { versionText } from "./version.ts";
import { watchCommand } from "./watch-command.ts";

/** Messages quote what was typed, or pasted: a terminal must not act on it. */
const output = {
  outputError: (text: string, write: (text: string) => void): void => {
    write(text.split("\n").map(escapeControls).join("\n"));
  },
};

const lastGroup = "Others:";

function nameAndArguments(command: Command): string {
  const names = [command.name(), ...command.aliases()].join(", ");
  const parameters = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [names, ...parameters].join(" ");
}

/** The command line. `name` is what help calls it: portolan, or kubectl portolan. Actions load what they need. */
export function createProgram(name: string, finish: (exitCode: number) => void): Command {
  const program = new Command(name)
    .description("Shows what a Kubernetes Service does on a node: the rules kube-proxy would program, as text.")
    .version(versionText(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: 80, showGlobalOptions: false, subcommandTerm: nameAndArguments })
    .addHelpCommand(new Command("help").argument("[command]").description("print help").helpGroup(lastGroup))
    .configureOutput(output)
    // So that flags of explain packet are not taken for those of explain.
    .enablePositionalOptions()
    .exitOverride();
  const groups = {
    "Rules from cluster state:": [
      compileCommand(name, finish),
      simulateCommand(name, finish),
      snapshotCommand(name, finish),
    ],
    "Review:": [
      diffCommand(name, finish),
      explainCommand(name, finish).addCommand(explainPacketCommand(name, finish)),
      checkCommand(name, finish),
    ],
    "A host:": [...hostCommands(name, finish), watchCommand(name, finish)],
    [lastGroup]: [schemaCommand(name), completionCommand(name, program)],
  };
  for (const [heading, commands] of Object.entries(groups)) {
    for (const command of commands) program.addCommand(command.helpGroup(heading));
  }
  program
    .command("version")
    .helpGroup(lastGroup)
    .description("print the version")
    .action(() => {
      process.stdout.write(`${versionText()}\n`);
    });
  program.addHelpText("after", `\nStart here:\n  $ ${name} compile -f cluster.yaml --node node1\n`);
  for (const command of program.commands) {
    for (const each of [command, ...command.commands])
      each.configureHelp({ helpWidth: 80 }).configureOutput(output).exitOverride();
  }
  return program;
}

function compileCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("compile")
    .summary("write the rules kube-proxy would program on a node")
    .description(
      "Reads Services, EndpointSlices, Nodes and kube-proxy's configuration, and writes the iptables rules that " +
        "kube-proxy 1.36 would program on one node, as iptables-save prints them.",
    );
  return addStateOptions(command)
    .addOption(new Option("--all-nodes", "compile for every Node; with --out-dir, one folder each").conflicts("node"))
    .option("--keep-going", "skip objects with errors and compile the rest; the exit code is still 3")
    .addOption(
      new Option("-o, --output <format>", "default: text").choices(["text", "json", "yaml"]).conflicts("outDir"),
    )
    .option("--out-dir <dir>", "write the text output as files into this directory instead")
    .addOption(colorOption())
    .addHelpText("after", compileExamples(name))
    .action(async (flags: CompileFlags) => {
      const { runCompile } = await import("../commands/compile.ts");
      finish(await runCompile(flags));
    });
}

function compileExamples(name: string): string {
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

function schemaCommand(name: string): Command {
  return new Command("schema")
    .summary("print the JSON schema of an output")
    .description("Prints the JSON Schema (2020-12) of a JSON output. Without a name, lists the schemas.")
    .argument("[name]", "such as diff")
    .addHelpText("after", `\nExample:\n  $ ${name} schema diff > diff.schema.json\n`)
    .action(async (document: string | undefined) => {
      const { runSchema } = await import("../commands/explain-code.ts");
      runSchema(document);
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
      const { printCompletion } = await import("../commands/completion.ts");
      process.stdout.write(printCompletion(program, chosen));
    });
}
