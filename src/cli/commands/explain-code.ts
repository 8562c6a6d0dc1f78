import type { CatalogEntry } from "../../diagnostics/catalog/entry.ts";
import { type Code, catalog } from "../../diagnostics/catalog.ts";
import { didYouMean } from "../../model/fields/did-you-mean.ts";
import { wrap } from "../../report/explain/tree.ts";
import { schemas } from "../../report/schemas.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";

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

/** `portolan schema NAME`: the JSON Schema of a document Portolan prints. Without a name, what there is. */
export function runSchema(name: string | undefined): void {
  process.stdout.write(name === undefined ? listSchemas() : schemaText(name));
}

function schemaText(name: string): string {
  const named = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (named === undefined) {
    const near = didYouMean(name, Object.keys(schemas));
    const hint = near === undefined ? "run portolan schema for the names" : `did you mean ${near}?`;
    throw new CommandFailure(`there is no schema ${name}; ${hint}`, exitCodes.usage);
  }
  return `${JSON.stringify(named.schema, null, 2)}\n`;
}

function listSchemas(): string {
  const names = Object.keys(schemas).sort();
  const widest = Math.max(...names.map(({ length }) => length));
  return names.map((name) => `${name.padEnd(widest)}  ${schemas[name]?.of ?? ""}\n`).join("");
}
