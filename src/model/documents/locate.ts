import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
import { isSameValue } from "../fields/fields.ts";
import { locateInJson, type Span } from "./json-places.ts";
import { kubectlYaml } from "./kubectl-yaml.ts";
import { isEmptyDocument } from "./read-documents.ts";
import type { DocumentForm, SourceDocument, SourceText } from "./source.ts";
import { createAliasBudget, findTreeProblem } from "./text-limits.ts";
import { type Excerpt, excerptAt } from "./yaml-problems.ts";

/** A place in a text for messages; lines and columns start at 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The whole line, and the length of the marked part. */
  readonly text: string;
  readonly length: number;
}

type Path = readonly (string | number)[];

/**
 * Finds a path in a document's text, such as the origin of a diagnostic; undefined where the document has no text.
 * Positions are not kept while reading: most runs do not need any.
 *
 * @example
 * ```ts
 * import { locate, readDocuments } from "portolan";
 *
 * const { documents } = readDocuments({ name: "web.yaml", text: "kind: Service\nspec:\n  clusterIP: None\n" });
 * const { line, column, length } = locate(documents[0], ["spec", "clusterIP"], "value");
 * console.log([line, column, length]); // [3,14,4]
 * ```
 */
export function locate(document: SourceDocument, path: Path, caret: "key" | "value"): Location | undefined {
  const { source, form } = document;
  switch (form.kind) {
    case "yaml":
      return locationOf(source, spanInYaml(document, form.index, path, caret));
    case "json":
      return locationOf(source, locateInJson(source.text, form.start, path, caret));
    case "problem":
      return locationOf(source, { offset: form.offset, length: 1 });
    case "embedded":
      return locateEmbedded(document, form, path, caret);
    case "part":
      return locate(form.within, [...form.path, ...path], caret);
    case "made":
      return locate(form.within, form.path, caret);
    case "lines":
      return typeof path[0] === "number" ? locationOfLine(source, path[0]) : undefined;
    case "none":
      return undefined;
  }
}

/** In a block scalar the embedded text's lines follow its header; elsewhere the key has to do. */
function locateEmbedded(
  document: SourceDocument,
  { within, path: at, problemAt }: DocumentForm & { readonly kind: "embedded" },
  path: Path,
  caret: "key" | "value",
): Location | undefined {
  const { source } = document;
  const outer = locate(within, at, "key");
  const span = problemAt === undefined ? spanInYaml(document, 0, path, caret) : { offset: problemAt, length: 1 };
  const inner = locationOf(source, span);
  if (outer === undefined || inner === undefined) return outer;
  const lines = within.source.text.split("\n");
  const isBlock = /[|>][-+0-9]*\s*(?:#.*)?$/.test(outer.text);
  const line = outer.line + inner.line;
  const indent = (lines[line - 1] ?? "").indexOf(inner.text.trimStart());
  if (!isBlock || within.form.kind !== "yaml" || indent === -1) return outer;
  const column = inner.column + indent - inner.text.search(/\S/);
  return { file: outer.file, line, column, text: lines[line - 1] ?? "", length: inner.length };
}

const parsedSources = new WeakMap<SourceText, readonly Document[]>();

function parsed(source: SourceText): readonly Document[] {
  let documents = parsedSources.get(source);
  if (documents === undefined) {
    const result = parseAllDocuments(source.text, kubectlYaml);
    documents = "empty" in result ? [] : result.filter((document) => !isEmptyDocument(document));
    parsedSources.set(source, documents);
  }
  return documents;
}

function spanInYaml(document: SourceDocument, index: number, path: Path, caret: "key" | "value"): Span {
  const { source } = document;
  if (source.text.length > longText) {
    const span = spanInExcerpt(document, index, path, caret);
    if (span !== undefined) return span;
  }
  return spanInDocument(parsed(source)[index], path, caret);
}

/** The parser with positions reads about 1 MB per second: in long texts only the requested object is parsed. */
const longText = 100_000;

function spanInExcerpt(
  { source, value }: SourceDocument,
  index: number,
  path: Path,
  caret: "key" | "value",
): Span | undefined {
  const excerpt = excerptAt(source, index, path);
  if (excerpt === undefined) return undefined;
  const { offset, within } = excerpt;
  const document = parsedExcerpt(source, excerpt);
  const isItem = within.length > 0;
  const wanted = valueAt(value, within);
  if (document === undefined || !isSameValue(document.toJS({ maxAliasCount: -1 }), isItem ? [wanted] : wanted))
    return undefined;
  const span = spanInDocument(document, isItem ? [0, ...path.slice(within.length)] : path, caret);
  return { ...span, offset: span.offset + offset };
}

const parsedExcerpts = new WeakMap<SourceText, Map<number, Document | undefined>>();

/** Undefined if the excerpt cannot be parsed alone. */
function parsedExcerpt(source: SourceText, { offset, text }: Excerpt): Document | undefined {
  const known = parsedExcerpts.get(source) ?? new Map<number, Document | undefined>();
  parsedExcerpts.set(source, known);
  if (!known.has(offset)) {
    const result = parseAllDocuments(text, kubectlYaml);
    const [only, second] = "empty" in result ? [] : result.filter((document) => !isEmptyDocument(document));
    const isAlone = only !== undefined && second === undefined && only.errors.length === 0;
    const isTree = isAlone && findTreeProblem(only.contents, createAliasBudget()) === undefined;
    known.set(offset, isTree ? only : undefined);
  }
  return known.get(offset);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(
    (at: unknown, key) => (at as Readonly<Record<string | number, unknown>> | undefined)?.[key],
    value,
  );
}

function spanInDocument(document: Document | undefined, path: Path, caret: "key" | "value"): Span {
  let node: unknown = document?.contents;
  let key: unknown;
  for (const step of path) {
    if (document !== undefined && isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? node.items.find((item) => keyText(item.key) === String(step)) : undefined;
    const item = isSeq(node) ? node.items[Number(step)] : pair?.value;
    if (item === undefined && pair === undefined) break;
    key = pair?.key;
    node = item;
  }
  const useKey = key !== undefined && (caret === "key" || node === null || isCollection(node));
  return spanOf(useKey ? key : node) ?? spanOf(key) ?? { offset: 0, length: 1 };
}

function keyText(key: unknown): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : String(key);
}

function spanOf(node: unknown): Span | undefined {
  const range = (node as Node | null | undefined)?.range;
  if (range === undefined || range === null) return undefined;
  return { offset: range[0], length: isCollection(node) ? 1 : Math.max(1, range[1] - range[0]) };
}

const lineCounters = new WeakMap<SourceText, LineCounter>();

function lineCounterOf(source: SourceText): LineCounter {
  let counter = lineCounters.get(source);
  if (counter === undefined) {
    counter = new LineCounter();
    counter.addNewLine(0);
    for (let at = source.text.indexOf("\n"); at !== -1; at = source.text.indexOf("\n", at + 1))
      counter.addNewLine(at + 1);
    lineCounters.set(source, counter);
  }
  return counter;
}

/** The whole of a line; they count from 1. */
function locationOfLine(source: SourceText, line: number): Location {
  const { lineStarts } = lineCounterOf(source);
  const start = lineStarts[line - 1] ?? 0;
  return locationOf(source, { offset: start, length: Math.max(1, (lineStarts[line] ?? source.text.length) - start) });
}

function locationOf(source: SourceText, span: Span): Location {
  const counter = lineCounterOf(source);
  const { line, col } = counter.linePos(Math.min(span.offset, source.text.length));
  const start = counter.lineStarts[line - 1] ?? 0;
  const end = source.text.indexOf("\n", start);
  const text = source.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, "");
  return {
    file: source.name,
    line,
    column: col,
    text,
    length: Math.max(1, Math.min(span.length, text.length - col + 1)),
  };
}
