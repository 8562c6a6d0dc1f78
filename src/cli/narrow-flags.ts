import { type Command, InvalidArgumentError, Option } from "commander";
import { escapeControls } from "../diagnostics/printable.ts";
import { isProblem, type LabelSelector, parseSelector } from "../filter/label-selector.ts";
import { parseServiceChoice, type ServiceChoice } from "../filter/service-filter.ts";
import { notEmpty } from "./flags.ts";

/** By commander's attribute names: options that cannot be narrowed conflict with these. */
export const narrowFlags: string[] = ["namespace", "selector", "service"];

const heading = "Filters for the output and the exit code:";

/** Adds -n, -l and --service. They narrow the output, never what is compiled. */
export function addNarrowOptions(command: Command): Command {
  const option = (flags: string, description: string): Option => new Option(flags, description).helpGroup(heading);
  return command
    .addOption(
      option("-n, --namespace <ns>", "show Services of this namespace only; repeatable").argParser(appendNamespace),
    )
    .addOption(
      option(
        "-l, --selector <query>",
        "show Services with these labels only, as in kubectl: app=web,tier!=db",
      ).argParser(labelSelector),
    )
    .addOption(
      option("--service <name>", "show this Service only, ns/name or name; repeatable").argParser(appendService),
    );
}

function appendNamespace(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), notEmpty(value)];
}

function appendService(value: string, previous: readonly ServiceChoice[] | undefined): readonly ServiceChoice[] {
  const choice = parseServiceChoice(value);
  if (choice === undefined) throw new InvalidArgumentError("Write it as NAMESPACE/NAME or NAME.");
  return [...(previous ?? []), choice];
}

function labelSelector(value: string, previous: LabelSelector | undefined): LabelSelector {
  if (previous !== undefined) throw new InvalidArgumentError("Pass it once: separate requirements with commas.");
  const read = parseSelector(value);
  if (!isProblem(read)) return read;
  const caret = " ".repeat(escapeControls(value.slice(0, read.at)).length);
  throw new InvalidArgumentError(`Character ${read.at + 1}: ${read.message}\n  ${escapeControls(value)}\n  ${caret}^`);
}
