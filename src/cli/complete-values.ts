import type { Command } from "commander";
import { catalog } from "../diagnostics/catalog.ts";
import { createSink } from "../diagnostics/diagnostic.ts";
import { readGitRefs } from "../host/files/read-git.ts";
import { readInputs } from "../host/files/read-inputs.ts";
import { isRecord } from "../model/fields/fields.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { schemas } from "./schemas.ts";

/** The flags whose values the input or the catalog has. */
const kinds: Readonly<Record<string, Kind>> = {
  "--node": "nodes",
  "--namespace": "namespaces",
  "--service": "services",
  "--suppress": "codes",
  "--filename": "files",
  "--overlay": "files",
};

type Kind = "nodes" | "namespaces" | "services" | "codes" | "files";

/** Long and short flags whose values `completeWords` knows, of the options of a command. */
export function hasValues(flag: string): boolean {
  return Object.hasOwn(kinds, flag);
}

/**
 * Candidates for the last of the words of a command line, without the program's name. Input that cannot be read has no
 * names: a completion says nothing.
 */
export async function completeWords(program: Command, words: readonly string[]): Promise<readonly string[]> {
  const [name = "", ...rest] = words;
  const current = words.at(-1) ?? "";
  const begun = (found: readonly string[]): readonly string[] => found.filter((one) => one.startsWith(current));
  if (rest.length === 0) return begun(program.commands.map((command) => command.name()));
  const command = program.commands.find((one) => one.name() === name || one.aliases().includes(name));
  const previous = rest.at(-2);
  const option = command?.options.find(({ long, short }) => previous !== undefined && [long, short].includes(previous));
  const kind = option?.long === undefined ? undefined : kinds[option.long];
  if (kind !== undefined) return begun(await valuesOf(kind, words));
  if (option?.argChoices !== undefined) return begun(option.argChoices);
  const flags = command?.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []) ?? [];
  if (current.startsWith("-")) return begun(flags);
  if (current.startsWith("git:")) return begun(await valuesOf("files", words));
  if (name === "schema") return begun(Object.keys(schemas));
  if (name === "explain" && current.includes("/"))
    return begun((await valuesOf("services", words)).map((service) => `service/${service}`));
  return name === "explain" ? begun(["packet", ...Object.keys(catalog)]) : [];
}

async function valuesOf(kind: Kind, words: readonly string[]): Promise<readonly string[]> {
  switch (kind) {
    case "codes":
      return Object.keys(catalog);
    case "files":
      return (await readGitRefs()).map((ref) => `git:${ref}`);
    case "nodes":
    case "namespaces":
    case "services":
      return namesIn(kind, await readObjects(words));
  }
}

type Objects = readonly { readonly kind: string; readonly namespace: string; readonly name: string }[];

function namesIn(kind: "nodes" | "namespaces" | "services", objects: Objects): readonly string[] {
  const services = objects.filter((object) => object.kind === "Service");
  const names =
    kind === "nodes"
      ? objects.filter((object) => object.kind === "Node").map(({ name }) => name)
      : services.map(({ namespace, name }) => (kind === "services" ? `${namespace}/${name}` : namespace));
  return [...new Set(names)].sort();
}

/** The objects of the files that the words name; standard input is left alone. */
async function readObjects(words: readonly string[]): Promise<Objects> {
  const isFlag = (word: string | undefined): boolean => word === "-f" || word === "--filename";
  const isPath = (word: string): boolean => /\.(?:ya?ml|json)$/.test(word) || word.startsWith("git:");
  const filenames = words.filter((word, index) => word !== "-" && (isFlag(words[index - 1]) || isPath(word)));
  const request = { filenames: [...new Set(filenames)], recursive: true, proxyConfig: undefined, overlays: [] };
  const { documents, valueCount } = await readInputs(request, createSink());
  const values = documents.slice(0, valueCount).map(({ value }) => value);
  return flattenDocuments(values, createSink()).map(({ kind, value }) => {
    const { name, namespace } = isRecord(value.metadata) ? value.metadata : {};
    return { kind, name: `${name ?? ""}`, namespace: typeof namespace === "string" ? namespace : "default" };
  });
}
