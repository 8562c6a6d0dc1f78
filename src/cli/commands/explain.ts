import type { CatalogEntry } from "../../diagnostics/catalog/entry.ts";
import { type Code, catalog, isCode } from "../../diagnostics/catalog.ts";
import { didYouMean } from "../../model/did-you-mean.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";

const width = 80;

/** `portolan explain CODE`: the long text of a diagnostic. Without a code, all codes with their messages. */
export function runExplain(code: string | undefined): void {
  process.stdout.write(code === undefined ? listCodes() : explainCode(code));
}

function explainCode(code: string): string {
  if (!isCode(code)) {
    const near = didYouMean(code, Object.keys(catalog));
    const hint = near === undefined ? "portolan explain lists the codes" : `did you mean ${near}?`;
    throw new CommandFailure(`there is no diagnostic ${code}; ${hint}`, exitCodes.usage);
  }
  const entry: CatalogEntry = catalog[code];
  const parts = [`${entry.severity}[${code}]: ${entry.message}`, wrap(entry.explanation)];
  if (entry.hint !== undefined) parts.push(wrap(`Hint: ${entry.hint}.`));
  return `${parts.join("\n\n")}\n`;
}

function listCodes(): string {
  const codes = (Object.keys(catalog) as Code[]).sort();
  const widest = Math.max(...codes.map((code) => code.length));
  return `${codes.map((code) => `${code.padEnd(widest)}  ${catalog[code].severity}`).join("\n")}\n`;
}

function wrap(text: string): string {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] as string;
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}
