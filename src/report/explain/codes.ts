import type { CatalogEntry } from "../../diagnostics/catalog/entry.ts";
import { type Code, catalog } from "../../diagnostics/catalog.ts";
import { wrap } from "./tree.ts";

/** `portolan explain CODE`: the long text of a diagnostic. */
export function explainCode(code: Code): string {
  const entry: CatalogEntry = catalog[code];
  const parts = [`${entry.severity}[${code}]: ${entry.message}`, wrap(entry.explanation)];
  if (entry.hint !== undefined) parts.push(wrap(`Hint: ${entry.hint}.`));
  return `${parts.join("\n\n")}\n`;
}

/** `portolan explain`: all codes with their severities. */
export function listCodes(): string {
  const codes = (Object.keys(catalog) as Code[]).sort();
  const widest = Math.max(...codes.map((code) => code.length));
  return `${codes.map((code) => `${code.padEnd(widest)}  ${catalog[code].severity}`).join("\n")}\n`;
}
