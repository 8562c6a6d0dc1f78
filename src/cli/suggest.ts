import type { Command } from "commander";
import { escapeLines } from "../diagnostics/printable.ts";
import { didYouMean } from "../model/fields/name-map.ts";

/** What a word may have been meant to be: names that it begins, else the nearest. */
export function suggest(written: string, names: readonly string[]): readonly string[] {
  const begun = written.length < 2 ? [] : names.filter((name) => name.startsWith(written));
  const shortest = begun.toSorted((a, b) => a.length - b.length)[0];
  if (shortest !== undefined) return begun.every((name) => name.startsWith(shortest)) ? [shortest] : begun;
  const near = didYouMean(written, names);
  return near === undefined ? [] : [near];
}

const mostNames = 4;

/** `(Did you mean --filename?)`; empty without a suggestion. */
export function suggestion(written: string, names: readonly string[]): string {
  const found = suggest(written, names);
  if (found.length === 0) return "";
  const [one = "", ...others] = found;
  if (others.length === 0) return `(Did you mean ${one}?)`;
  return found.length > mostNames ? "" : `(Did you mean one of ${found.join(", ")}?)`;
}

/** A message of commander with our suggestion in place of its own, and printable: messages quote user input. */
export function errorText(text: string, command: Command): string {
  const message = text.replace(/\n\(Did you mean [^\n]*/, "");
  const [, option] = /unknown option '(--[^'=]+)/.exec(message) ?? [];
  const [, word] = /unknown command '([^']+)'/.exec(message) ?? [];
  const options = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []);
  const commands = command.commands.flatMap((one) => [one.name(), ...one.aliases()]);
  const found =
    option !== undefined ? suggestion(option, options) : word === undefined ? "" : suggestion(word, commands);
  return escapeLines(found === "" ? message : `${message.trimEnd()}\n${found}\n`);
}
