import { Command } from "commander";
import { escapeControls } from "../diagnostics/printable.ts";
import { applyCommand } from "./commands/apply.ts";
import { checkCommand } from "./commands/check.ts";
import { cleanupCommand } from "./commands/cleanup.ts";
import { collectCommand } from "./commands/collect.ts";
import { compileCommand } from "./commands/compile.ts";
import { completionCommand } from "./commands/completion.ts";
import { diffCommand } from "./commands/diff.ts";
import { explainCommand } from "./commands/explain.ts";
import { explainPacketCommand } from "./commands/explain-packet.ts";
import { planCommand } from "./commands/plan.ts";
import { schemaCommand } from "./commands/schema.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { snapshotCommand } from "./commands/snapshot.ts";
import { verifyCommand } from "./commands/verify.ts";
import { watchCommand } from "./commands/watch.ts";
import { versionText } from "./exit-codes.ts";

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
    "A host:": [
      planCommand(name, finish),
      applyCommand(name, finish),
      verifyCommand(name, finish),
      collectCommand(name, finish),
      cleanupCommand(name, finish),
      watchCommand(name, finish),
    ],
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
