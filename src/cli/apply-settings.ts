import type { Command, Option } from "commander";
import { Failure } from "../app/effects.ts";
import { escapeControls } from "../diagnostics/printable.ts";
import type { ReadSettings } from "./read-settings.ts";
import { type SettingName, SettingOption, settingNames, variableOf } from "./settings.ts";
import type { ColorChoice } from "./terminal/terminal.ts";

/** Names the settings file instead of a search for it. */
export const fileVariable = "PORTOLAN_CONFIG";

export interface SettingsOptions {
  /** The command changes this host or judges it. */
  readonly isOnHost: boolean;
  readonly color: ColorChoice;
}

export interface LoadedSettings extends Pick<ReadSettings, "values"> {
  /** The file in force. */
  readonly file: string | undefined;
}

const nothing: LoadedSettings = { values: new Map(), file: undefined };

/** The settings of the environment and of the settings file. Throws if one of them is wrong. */
export async function loadSettings({ isOnHost, color }: SettingsOptions): Promise<LoadedSettings> {
  const { env } = process;
  const { readSettingsFile } = await import("../host/files/find-settings.ts");
  const file = readSettingsFile({ directory: workingDirectory(), named: env[fileVariable] || undefined, isOnHost });
  if (file.kind === "unreadable")
    throw new Failure(`cannot read ${file.path}: ${file.reason}`, "invalid-input", "input-unreadable");
  if (file.kind === "untrusted")
    throw new Failure(`${file.path} cannot be trusted: ${file.reason}`, "environment", "settings-untrusted");
  if (file.kind === "none" && !settingNames.some((name) => env[variableOf(name)])) return nothing;
  const source = file.kind === "text" ? file.source : undefined;
  const { readSettings } = await import("./read-settings.ts");
  const { values, diagnostics, documents } = readSettings(source, env);
  if (diagnostics.length === 0) return { values, file: source?.name };
  const [{ openTerminal }, { summarizeDiagnostics }] = await Promise.all([
    import("./terminal/terminal.ts"),
    import("../report/diagnostics.ts"),
  ]);
  openTerminal({ color }).showDiagnostics({ diagnostics, documents });
  const isInFile = diagnostics.some(({ origin }) => origin !== undefined);
  const message = `${summarizeDiagnostics(diagnostics)} in the settings; nothing was done`;
  throw new Failure(message, isInFile ? "invalid-input" : "usage");
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** The flags of a command that may be set in the file. */
export function settingOptionsOf(command: Command): readonly SettingOption[] {
  return command.options.filter((option) => option instanceof SettingOption).filter(({ hidden }) => !hidden);
}

/** Gives a command the settings that its flags leave open. */
export async function applySettings(command: Command, { isOnHost }: Pick<SettingsOptions, "isOnHost">): Promise<void> {
  const options = settingOptionsOf(command);
  if (options.length === 0) return;
  const { values, file } = await loadSettings({ isOnHost, color: command.getOptionValue("color") ?? "auto" });
  const fromFile: SettingName[] = [];
  for (const option of options) {
    const name = option.setting;
    const found = values.get(name);
    if (found === undefined || isDecided(command, option)) continue;
    command.setOptionValueWithSource(name, found.value, found.place === undefined ? "env" : "config");
    if (found.place !== undefined) fromFile.push(name);
  }
  // What changes a host, or judges it, must not depend on a file that nobody thinks of.
  if (isOnHost && fromFile.length > 0)
    process.stderr.write(`note: ${escapeControls(`${file}`)} sets ${fromFile.join(", ")}\n`);
}

/** A flag has the last word: this one, one that implies it, or one that excludes it. */
function isDecided(command: Command, option: Option): boolean {
  const isPassed = (one: Option): boolean =>
    ["cli", "implied"].includes(command.getOptionValueSource(one.attributeName()) ?? "");
  if (isPassed(option)) return true;
  return command.options.some((other) => isPassed(other) && (excludes(other, option) || excludes(option, other)));
}

/** `conflicts()` keeps its names in a field that commander's types leave out. */
function excludes(option: Option, other: Option): boolean {
  const { conflictsWith } = option as Option & { readonly conflictsWith: readonly string[] };
  return conflictsWith.includes(other.attributeName());
}
