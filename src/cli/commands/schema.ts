import { didYouMean } from "../../model/fields/did-you-mean.ts";
import { schemas } from "../../review/schemas/schemas.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";

/** `portolan schema NAME`: the JSON Schema of a document Portolan prints. Without a name, what there is. */
export function runSchema(name: string | undefined): void {
  process.stdout.write(name === undefined ? listSchemas() : schemaText(name));
}

function schemaText(name: string): string {
  const named = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (named === undefined) {
    const near = didYouMean(name, Object.keys(schemas));
    const hint = near === undefined ? "portolan schema lists the names" : `did you mean ${near}?`;
    throw new CommandFailure(`there is no schema ${name}; ${hint}`, exitCodes.usage);
  }
  return `${JSON.stringify(named.schema, null, 2)}\n`;
}

function listSchemas(): string {
  const names = Object.keys(schemas).sort();
  const widest = Math.max(...names.map(({ length }) => length));
  return names.map((name) => `${name.padEnd(widest)}  ${schemas[name]?.of ?? ""}\n`).join("");
}
