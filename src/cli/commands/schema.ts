import { Command } from "commander";
import { Failure } from "../../app/effects.ts";
import { printableJson } from "../../diagnostics/printable.ts";
import type { didYouMean } from "../../model/fields/name-map.ts";
import type { schemas } from "../schemas.ts";

/** `portolan schema NAME`: the JSON Schema of a document Portolan prints. Without a name, the list of schemas. */
export function schemaCommand(name: string): Command {
  return new Command("schema")
    .summary("print the JSON schema of an output, or of .portolan.yaml")
    .description(
      "Prints the JSON Schema (2020-12) of a JSON output, or of .portolan.yaml. Without a name, lists the schemas.",
    )
    .argument("[name]", "such as diff")
    .addHelpText("after", `\nExample:\n  $ ${name} schema diff > diff.schema.json\n`)
    .action(async (document: string | undefined) => {
      const known = {
        ...(await import("../schemas.ts")),
        ...(await import("../../model/fields/name-map.ts")),
      };
      process.stdout.write(document === undefined ? listSchemas(known) : schemaText(document, known));
    });
}

interface Known {
  readonly schemas: typeof schemas;
  readonly didYouMean: typeof didYouMean;
}

function schemaText(name: string, { schemas, didYouMean }: Known): string {
  const named = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (named === undefined) {
    const near = didYouMean(name, Object.keys(schemas));
    const hint = near === undefined ? "run portolan schema for the names" : `did you mean ${near}?`;
    throw new Failure(`there is no schema ${name}; ${hint}`, "usage");
  }
  return `${printableJson(named.schema, 2)}\n`;
}

function listSchemas({ schemas }: Known): string {
  const names = Object.keys(schemas).sort();
  const widest = Math.max(...names.map(({ length }) => length));
  return names.map((name) => `${name.padEnd(widest)}  ${schemas[name]?.of ?? ""}\n`).join("");
}
