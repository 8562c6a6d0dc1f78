import { type HostDocument, locate, parseDump, readDocuments, type SourceDocument } from "../../index.ts";
import type { FileRange, Problem, TextFile } from "../protocol.ts";
import { at, list, nameOf, record, text } from "./values.ts";

/** The files of the editor as documents, host dumps, and texts that cannot be read. */
export interface ReadFiles {
  /** The documents; a diagnostic's origin counts them. */
  readonly documents: readonly SourceDocument[];
  readonly hosts: readonly HostDocument[];
  readonly problems: readonly Problem[];
  /** Where an object is: `Service shop/web`. */
  readonly objects: ReadonlyMap<string, ObjectPlace>;
}

export interface ObjectPlace {
  readonly document: SourceDocument;
  readonly path: readonly (string | number)[];
}

/** Reads manifests as kubectl does, and anything else as the output of a tool. */
export function readFiles(files: readonly TextFile[]): ReadFiles {
  const documents: SourceDocument[] = [];
  const hosts: HostDocument[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    if (isDump(file.text)) {
      const dump = parseDump([file]);
      hosts.push(...dump.hosts);
      problems.push(...dump.problems.map(({ line, message }) => unreadable(file, offsetOfLine(file, line), message)));
      continue;
    }
    const read = readDocuments(file);
    documents.push(...read.documents);
    problems.push(...read.problems.map(({ offset, message }) => unreadable(file, offset, message)));
  }
  return { documents, hosts, problems, objects: indexObjects(documents) };
}

/** Whether a text is of a tool on a node, rather than YAML or JSON. */
export function isDump(content: string): boolean {
  return /^(?:\*(?:filter|nat|mangle|raw|security)$|==> |-[AN] [A-Z]|table (?:ip|ip6|inet) |create \S+ hash:)/m.test(
    content.slice(0, 4000),
  );
}

function unreadable(file: TextFile, offset: number, message: string): Problem {
  const place = { file: file.name, from: offset, to: Math.min(offset + 1, file.text.length) };
  return {
    code: "syntax",
    severity: "error",
    message,
    object: undefined,
    field: undefined,
    hint: undefined,
    place,
    at: `${file.name}:${file.text.slice(0, offset).split("\n").length}`,
  };
}

function offsetOfLine({ text: content }: TextFile, line: number): number {
  let offset = 0;
  for (let number = 1; number < line; number++) offset = content.indexOf("\n", offset) + 1 || content.length;
  return offset;
}

function indexObjects(documents: readonly SourceDocument[]): ReadonlyMap<string, ObjectPlace> {
  const objects = new Map<string, ObjectPlace>();
  const enter = (document: SourceDocument, value: unknown, path: readonly (string | number)[]): void => {
    const { items } = record(value);
    for (const [index, item] of list(items).entries()) enter(document, item, [...path, "items", index]);
    const name = objectName(value);
    if (name !== undefined && !objects.has(name)) objects.set(name, { document, path });
  };
  for (const document of documents) enter(document, document.value, []);
  return objects;
}

const clusterKinds = new Set(["Node", "Namespace", "ServiceCIDR", "Host"]);

/** `Service shop/web`, `Node node1`: as origins name objects. */
export function objectName(value: unknown): string | undefined {
  const kind = text(record(value).kind);
  const name = text(at(value, "metadata", "name"));
  if (kind === undefined || name === undefined) return undefined;
  return clusterKinds.has(kind) ? `${kind} ${name}` : `${kind} ${nameOf(value)}`;
}

/** Where a path of a document is; `caret` as in a diagnostic. */
export function rangeOf(
  document: SourceDocument,
  path: readonly (string | number)[],
  caret: "key" | "value" = "value",
): { readonly range: FileRange; readonly at: string } | undefined {
  const found = locate(document, path, caret);
  if (found === undefined) return undefined;
  const start = offsetOfLine(document.source, found.line) + found.column - 1;
  return {
    range: { file: found.file, from: start, to: start + found.length },
    at: `${found.file}:${found.line}:${found.column}`,
  };
}

/** `spec.ports[0].port` as keys. */
export function keysOf(field: string): readonly (string | number)[] {
  return [...field.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)].map(([, name, bracketed]) => {
    if (name !== undefined) return name;
    return /^\d+$/.test(bracketed ?? "") ? Number(bracketed) : (bracketed ?? "");
  });
}
