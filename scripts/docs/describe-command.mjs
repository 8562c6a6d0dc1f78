// What `--help` says of a command, as data: for a page, and for the manual.
import { Help } from "commander";

const help = new Help();

/** Every command that help lists, subcommands after theirs, in the order of help. */
export function describeCommands(program) {
  return program.commands
    .filter((command) => !isHidden(command))
    .flatMap((command) => [command, ...command.commands.filter((one) => !isHidden(one))])
    .map(describeCommand);
}

function isHidden(command) {
  return command.name().startsWith("__");
}

/** One command: its name below the program (`explain packet`), what it takes, and the texts after its options. */
export function describeCommand(command) {
  const path = pathOf(command);
  const top = path.length > 2 ? command.parent : command;
  return {
    name: path.slice(1).join(" "),
    aliases: command.aliases(),
    heading: top.helpGroup().replace(/:$/, ""),
    summary: command.summary() || command.description(),
    description: command.description(),
    usage: help.commandUsage(command),
    arguments: command.registeredArguments.map((one) => ({
      term: one.required ? `<${one.name()}>` : `[${one.name()}]`,
      description: help.argumentDescription(one),
    })),
    options: help.visibleOptions(command).map((option) => ({
      term: help.optionTerm(option),

      description: help.optionDescription(option),
      group: (option.helpGroupHeading ?? "Options").replace(/:$/, ""),
    })),
    ...afterTexts(command),
  };
}

/** `portolan`, `explain`, `packet`. */
function pathOf(command) {
  return [...(command.parent ? pathOf(command.parent) : []), command.name()];
}

/** What help prints below the options: examples, exit codes, and other paragraphs. */
function afterTexts(command) {
  const texts = [];
  command.emit("afterHelp", { error: false, command, write: (text) => texts.push(text) });
  const paragraphs = texts
    .join("")
    .trim()
    .split(/\n{2,}/);
  const isExample = (text) => /^Examples?:\n/.test(text) || /^ {2}[#$] /.test(text);
  const others = paragraphs.filter((text) => !isExample(text)).map((text) => text.replaceAll("\n", " "));
  const [, exitCodes] = /(?:^|\. )Exit codes: (.*)$/.exec(others.at(-1) ?? "") ?? [];
  return {
    examples: paragraphs
      .filter(isExample)
      .map((text) => text.replace(/^Examples?:\n/, "").replace(/^ {2}/gm, ""))
      .join("\n\n"),
    /** `0 no drift, 1 drift, 2 usage.` */
    exitCodes,
    notes: others.map((text) => text.replace(/(^| )Exit codes: .*$/, "")).filter((text) => text !== ""),
  };
}
