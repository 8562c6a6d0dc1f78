import type { Command } from "commander";
import { catalog } from "../diagnostics/catalog.ts";
import { hasValues } from "./complete-values.ts";

interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly flag: string;
    readonly short: string | undefined;
    readonly description: string;
    readonly choices: readonly string[];
    /** The flag takes a file or folder. */
    readonly isPath: boolean;
    /** The program is asked for its values. */
    readonly isAsked: boolean;
  }[];
  readonly choices: readonly string[];
}

/** A completion script, generated from the commands themselves, so it is always current. */
export function printCompletion(program: Command, shell: "bash" | "zsh" | "fish"): string {
  const commands = program.commands.filter((command) => command.name() !== "__complete").map(wordsOf);
  switch (shell) {
    case "bash":
      return printBash(commands);
    case "zsh":
      return `#compdef portolan\nautoload -U +X bashcompinit && bashcompinit\n${printBash(commands)}`;
    case "fish":
      return printFish(commands);
  }
}

function wordsOf(command: Command): CommandWords {
  return {
    name: command.name(),
    description: command.summary() || command.description(),
    options: command.options
      .filter(({ hidden }) => !hidden)
      .map((option) => ({
        flag: option.long ?? option.flags,
        short: option.short,
        description: option.description,
        choices: option.argChoices ?? [],
        isPath: /<(file|path|dir)>/.test(option.flags),
        isAsked: hasValues(option.long ?? ""),
      })),
    choices: [
      ...command.commands.map((subcommand) => subcommand.name()),
      ...command.registeredArguments.flatMap((argument) =>
        argument.name() === "what" ? Object.keys(catalog).sort() : (argument.argChoices ?? []),
      ),
    ],
  };
}

function printBash(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, options, choices }) => {
    const words = [...options.map(({ flag }) => flag), "--help", ...choices].join(" ");
    return `    ${name}) words="${words}" ;;`;
  });
  // A flag such as --output takes different values in each command.
  const valueCases = commands.flatMap(({ name, options }) =>
    options.flatMap(({ flag, short, choices, isPath, isAsked }) => {
      if (choices.length === 0 && !isPath && !isAsked) return [];
      const patterns = [flag, ...(short === undefined ? [] : [short])].map((one) => `${name}:${one}`);
      const asked = '-W "$(_portolan_ask)"';
      const values = isPath ? "-f" : isAsked ? asked : `-W "${choices.join(" ")}"`;
      return [`    ${patterns.join("|")}) COMPREPLY=($(compgen ${values} -- "$cur")); return ;;`];
    }),
  );
  return `_portolan_ask() {
  "\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
}
_portolan() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words
  # bash divides git:REF at the colon.
  if [[ $cur == : && $prev == git ]]; then cur=; COMPREPLY=($(COMP_WORDS=("\${COMP_WORDS[@]:0:COMP_CWORD-1}" git:); COMP_CWORD=$((COMP_CWORD-1)); _portolan_ask | sed s/^git://)); return; fi
  if [[ $prev == : && \${COMP_WORDS[COMP_CWORD-2]} == git ]]; then COMPREPLY=($(COMP_WORDS=("\${COMP_WORDS[@]:0:COMP_CWORD-2}" "git:$cur"); COMP_CWORD=$((COMP_CWORD-2)); _portolan_ask | sed s/^git://)); return; fi
  case \${COMP_WORDS[1]}:$cur in
    explain:*/*) COMPREPLY=($(compgen -W "$(_portolan_ask)" -- "$cur")); return ;;
    schema:*) COMPREPLY=($(compgen -W "$(_portolan_ask)" -- "$cur")); return ;;
  esac
  case \${COMP_WORDS[1]}:$prev in
${valueCases.join("\n")}
  esac
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
    *) words="${commands.map(({ name }) => name).join(" ")} --help --version" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o filenames -o default -F _portolan portolan kubectl-portolan
`;
}

function printFish(commands: readonly CommandWords[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;
  const lines = ["complete -c portolan -f"];
  for (const { name, description, options, choices } of commands) {
    lines.push(`complete -c portolan -n __fish_use_subcommand -a ${name} -d ${quote(description)}`);
    const here = `complete -c portolan -n '__fish_seen_subcommand_from ${name}'`;
    if (choices.length > 0) lines.push(`${here} -a ${quote(choices.join(" "))}`);
    for (const option of options) {
      const values =
        option.choices.length > 0
          ? ` -x -a ${quote(option.choices.join(" "))}`
          : option.isPath
            ? " -r -F"
            : option.isAsked
              ? " -x -a '(portolan __complete -- (commandline -opc)[2..-1] (commandline -ct))'"
              : "";
      lines.push(`${here} -l ${option.flag.replace(/^--/, "")} -d ${quote(option.description)}${values}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
