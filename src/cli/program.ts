import { Command, type OutputConfiguration } from "commander";
import { versionText } from "./exit-codes.ts";
import { errorText } from "./suggest.ts";

/** How a command prints its errors. */
function outputOf(command: Command): OutputConfiguration {
  return { outputError: (text, write) => write(errorText(text, command)) };
}

const lastGroup = "Others:";

/** The hidden command that completion scripts run. */
const completing = "__complete";

function nameAndArguments(command: Command): string {
  const names = [command.name(), ...command.aliases()].join(", ");
  const parameters = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [names, ...parameters].join(" ");
}

type Finish = (exitCode: number) => void;

interface Entry {
  readonly heading: string;
  /** Its name and aliases. */
  readonly words: readonly string[];
  readonly load: (name: string, finish: Finish, program: Command) => Promise<Command>;
}

const [rules, review, hosts] = ["Rules from cluster state:", "Review:", "A host:"] as const;

/** Every command, in the order of help; each has its own file, which is loaded when the command is named. */
const entries: readonly Entry[] = [
  {
    heading: rules,
    words: ["tour"],
    load: async (name, finish) => (await import("./commands/tour.ts")).tourCommand(name, finish),
  },
  {
    heading: rules,
    words: ["compile"],
    load: async (name, finish) => (await import("./commands/compile.ts")).compileCommand(name, finish),
  },
  {
    heading: rules,
    words: ["simulate"],
    load: async (name, finish) => (await import("./commands/simulate.ts")).simulateCommand(name, finish),
  },
  {
    heading: rules,
    words: ["snapshot"],
    load: async (name, finish) => (await import("./commands/snapshot.ts")).snapshotCommand(name, finish),
  },
  {
    heading: review,
    words: ["diff"],
    load: async (name, finish) => (await import("./commands/diff.ts")).diffCommand(name, finish),
  },
  {
    heading: review,
    words: ["migrate"],
    load: async (name, finish) => (await import("./commands/migrate.ts")).migrateCommand(name, finish),
  },
  { heading: review, words: ["explain"], load: loadExplain },
  {
    heading: review,
    words: ["check"],
    load: async (name, finish) => (await import("./commands/check.ts")).checkCommand(name, finish),
  },
  {
    heading: hosts,
    words: ["plan"],
    load: async (name, finish) => (await import("./commands/plan.ts")).planCommand(name, finish),
  },
  {
    heading: hosts,
    words: ["apply"],
    load: async (name, finish) => (await import("./commands/apply.ts")).applyCommand(name, finish),
  },
  {
    heading: hosts,
    words: ["verify", "drift"],
    load: async (name, finish) => (await import("./commands/verify.ts")).verifyCommand(name, finish),
  },
  {
    heading: hosts,
    words: ["collect"],
    load: async (name, finish) => (await import("./commands/collect.ts")).collectCommand(name, finish),
  },
  {
    heading: hosts,
    words: ["cleanup"],
    load: async (name, finish) => (await import("./commands/cleanup.ts")).cleanupCommand(name, finish),
  },
  {
    heading: hosts,
    words: ["watch"],
    load: async (name, finish) => (await import("./commands/watch.ts")).watchCommand(name, finish),
  },
  {
    heading: lastGroup,
    words: ["serve"],
    load: async (name) => (await import("./commands/serve.ts")).serveCommand(name),
  },
  {
    heading: lastGroup,
    words: ["config"],
    load: async (name, finish) => (await import("./commands/config.ts")).configCommand(name, finish),
  },
  {
    heading: lastGroup,
    words: ["schema"],
    load: async (name) => (await import("./commands/schema.ts")).schemaCommand(name),
  },
  {
    heading: lastGroup,
    words: ["completion"],
    load: async (name, _, program) => (await import("./commands/completion.ts")).completionCommand(name, program),
  },
  {
    heading: lastGroup,
    words: [completing],
    load: async (_name, _finish, program) => (await import("./commands/complete.ts")).completeCommand(program),
  },
];

async function loadExplain(name: string, finish: Finish): Promise<Command> {
  const [{ explainCommand }, { explainPacketCommand }] = await Promise.all([
    import("./commands/explain.ts"),
    import("./commands/explain-packet.ts"),
  ]);
  return explainCommand(name, finish).addCommand(explainPacketCommand(name, finish));
}

const versionFlags = ["-V", "--version"] as const;

/**
 * The commands that `word`, the first argument, needs: the one it names, none for the version, and otherwise all, for
 * help and suggestions. Completion prints its own candidates, so it needs all.
 */
function entriesFor(word: string | undefined): readonly Entry[] {
  if (word === undefined || word === "completion" || word === completing) return entries;
  if (["version", ...versionFlags].includes(word)) return [];
  const named = entries.find(({ words }) => words.includes(word));
  return named === undefined ? entries : [named];
}

/**
 * The command line. `name` is the program name in help: portolan, or kubectl portolan. `word` is the first argument:
 * only the commands that it needs are loaded.
 */
export async function createProgram(name: string, finish: Finish, word: string | undefined): Promise<Command> {
  const program = new Command(name)
    .description("Shows what a Kubernetes Service does on a node: the rules kube-proxy would program, as text.")
    .version(versionText(), versionFlags.join(", "), "print the version")
    .helpOption("-h, --help", "print help")
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: 80, showGlobalOptions: false, subcommandTerm: nameAndArguments })
    .helpCommand(false)
    // Flags of explain packet must not be taken for those of explain.
    .enablePositionalOptions()
    .exitOverride();
  for (const { heading, load } of entriesFor(word)) {
    const command = await load(name, finish, program);
    const { applySettings, settingOptionsOf } = await import("./apply-settings.ts");
    command.hook("preAction", (_, action) => applySettings(action, { isOnHost: heading === hosts }));
    for (const each of [command, ...command.commands])
      if (settingOptionsOf(each).length > 0)
        each.addHelpText("after", `.portolan.yaml and PORTOLAN_* set flags too: ${name} config prints them.`);
    program.addCommand(command.helpGroup(heading), { hidden: command.name() === completing });
  }
  program
    .command("version")
    .helpGroup(lastGroup)
    .description("print the version")
    .action(() => {
      process.stdout.write(`${versionText()}\n`);
    });
  program.addCommand(helpCommand(program).helpGroup(lastGroup)).configureOutput(outputOf(program));
  program.addHelpText(
    "after",
    `\nStart here:\n  $ ${name} tour -f cluster.yaml\n  $ ${name} compile -f cluster.yaml --node node1\n`,
  );
  for (const command of program.commands) {
    for (const each of [command, ...command.commands]) {
      each.configureHelp({ helpWidth: 80 }).configureOutput(outputOf(each)).exitOverride();
    }
  }
  return program;
}

/** `help`, `help compile`, `help explain packet`. */
function helpCommand(program: Command): Command {
  return new Command("help")
    .argument("[command...]")
    .description("print help")
    .action((words: readonly string[]) => {
      let command = program;
      for (const word of words) {
        const found = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
        if (found === undefined) return command.error(`error: unknown command '${word}'`);
        command = found;
      }
      command.outputHelp();
    });
}
