import { Command, Option } from "commander";
import { escapeControls, printableJson } from "../../diagnostics/printable.ts";
import { type LoadedSettings, loadSettings } from "../apply-settings.ts";
import { exitCodes } from "../exit-codes.ts";
import {
  flagOf,
  type Setting,
  type SettingName,
  SettingOption,
  settingNames,
  settings,
  variableOf,
  type Written,
} from "../settings.ts";
import { colorOption } from "../state-flags.ts";
import type { ColorFlag } from "../terminal/terminal.ts";

interface ConfigFlags extends ColorFlag {
  readonly output?: "text" | "json";
}

/** A setting as it is in force. */
interface Effective {
  readonly name: SettingName;
  /** Undefined: nothing sets it, and what holds then depends on the input. */
  readonly value?: Written | undefined;
  readonly source: "flag" | "environment" | "file" | "default";
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** `portolan config`: every setting, and where its value comes from. */
export function configCommand(name: string, finish: (exitCode: number) => void): Command {
  const command = new Command("config")
    .summary("print the settings, and where each comes from")
    .description(
      "Prints the value of each setting and where it comes from: a flag of this command, a variable PORTOLAN_* of the " +
        "environment, the file .portolan.yaml of the working directory or of one above it up to the root of the repository, " +
        "or the default. This is also the order in which they count.",
    );
  for (const one of settingNames) {
    const { negation }: Setting = settings[one];
    command.addOption(asWritten(new SettingOption(one)));
    if (negation !== undefined) command.option(negation.flags, negation.description);
  }
  return command
    .addOption(new Option("-o, --output <format>", "default: text").choices(["text", "json"]))
    .addOption(colorOption())
    .addHelpText("after", examples(name))
    .action(async ({ color, output }: ConfigFlags) => {
      const loaded = await loadSettings({ isOnHost: false, color });
      const effective = settingNames.map((one) => effectiveOf(one, command, loaded));
      process.stdout.write(output === "json" ? printJson(effective, loaded) : printTable(effective));
      finish(exitCodes.fine);
    });
}

/** Its value is what was written, once that has been read. */
function asWritten(option: SettingOption): Option {
  const { parseArg } = option;
  const { type } = settings[option.setting];
  if (type === "boolean") return option;
  return option.argParser((text, previous: unknown) => {
    parseArg?.(text, undefined);
    if (type === "list")
      return [...((previous ?? []) as readonly string[]), ...text.split(",").map((item) => item.trim())];
    return type === "number" ? Number(text) : text;
  });
}

function effectiveOf(name: SettingName, command: Command, { values }: LoadedSettings): Effective {
  if (command.getOptionValueSource(name) === "cli")
    return { name, value: command.getOptionValue(name) as Written, source: "flag" };
  const found = values.get(name);
  if (found === undefined) return { name, value: (settings[name] as Setting).usual, source: "default" };
  const { written: value, place } = found;
  if (place === undefined) return { name, value, source: "environment" };
  const { file, line, column } = place;
  return { name, value, source: "file", file, line, column };
}

function printTable(effective: readonly Effective[]): string {
  const rows = effective.map((one) => [one.name, escapeControls(String(one.value ?? "-")), sourceText(one)] as const);
  const titled = [["SETTING", "VALUE", "FROM"] as const, ...rows];
  const [first, second] = ([0, 1] as const).map((column) => Math.max(...titled.map((row) => row[column].length)));
  return titled
    .map(([name, value, from]) => `${name.padEnd(first ?? 0)}  ${value.padEnd(second ?? 0)}  ${from}\n`)
    .join("");
}

function sourceText({ name, source, file, line, column }: Effective): string {
  switch (source) {
    case "flag":
      return flagOf(name);
    case "environment":
      return variableOf(name);
    case "file":
      return escapeControls(`${file}:${line}:${column}`);
    case "default":
      return source;
  }
}

function printJson(effective: readonly Effective[], { file }: LoadedSettings): string {
  const all = effective.map((one) => ({ ...one, flag: flagOf(one.name), variable: variableOf(one.name) }));
  return `${printableJson({ apiVersion: "portolan/v1alpha1", kind: "Settings", file, settings: all }, 2)}\n`;
}

function examples(name: string): string {
  return `
Examples:
  # the settings in this directory
  $ ${name} config

  # a file for a repository, which editors check against the schema
  $ ${name} schema config > portolan.schema.json
  $ cat .portolan.yaml
  # yaml-language-server: $schema=portolan.schema.json
  mode: nftables
  kubeProxyVersion: "1.37"
  proxyConfig: cluster/kube-proxy.yaml
  suppress: [service-port-unnamed]

Each setting is a flag of other commands, and acts there as the flag does.
Variables are named after the flag: PORTOLAN_POD_CIDR is --pod-cidr.
PORTOLAN_CONFIG=FILE names the file to use, PORTOLAN_CONFIG=/dev/null none.

Exit codes: 0 success, 2 usage, 3 the file is invalid, 4 environment.
`;
}
