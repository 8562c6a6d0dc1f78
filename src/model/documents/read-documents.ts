import { loadAll } from "js-yaml";
import { type Document, isScalar, parseAllDocuments, type YAMLError } from "yaml";
import { isRecord } from "../fields/fields.ts";
import { endOfValue, findJsonProblem, skipBlank, type TextProblem } from "./json-places.ts";
import { kubectlSchema, kubectlYaml } from "./kubectl-yaml.ts";
import type { SourceDocument, SourceText } from "./source.ts";
import {
  type AliasBudget,
  createAliasBudget,
  findEarlyProblem,
  findTreeProblem,
  hasContent,
  isHuge,
  isTooDeep,
  notAnObject,
} from "./text-limits.ts";
import { findDuplicateKeys } from "./yaml-problems.ts";

export interface ReadDocuments {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly TextProblem[];
}

/**
 * Reads the documents of a text: JSON, JSON lines, or YAML as kubectl reads it. Their values are what `compile` and the
 * others take. Never throws: what is wrong with the text is among the problems.
 *
 * @example
 * ```ts
 * import { readDocuments } from "portolan";
 *
 * const { documents, problems } = readDocuments({ name: "web.yaml", text: "kind: Service\nspec: {clusterIP: None}\n" });
 * console.log(documents.map(({ value }) => value)); // [{"kind":"Service","spec":{"clusterIP":"None"}}]
 * console.log(problems.length); // 0
 * ```
 */
export function readDocuments(source: SourceText): ReadDocuments {
  const { text } = source;
  const start = skipBlank(text, 0);
  if (isHuge(text)) {
    const early = hasContent(text) ? findEarlyProblem(text, start) : undefined;
    if (early !== undefined || !hasContent(text))
      return { documents: [], problems: early === undefined ? [] : [early] };
  }
  const first = text[start];
  if (first !== "{" && first !== "[") return readYaml(source);
  const json = readJson(source, start);
  if (json.problems.length === 0) return json;
  // Flow style YAML looks like JSON too: {kind: Service, ...}.
  if (source.name.endsWith(".json") || isHuge(text)) return json;
  const yaml = readYaml(source);
  return yaml.problems.length === 0 ? yaml : json;
}

function readJson(source: SourceText, start: number): ReadDocuments {
  const { text } = source;
  const whole = tryJson(text);
  if (whole !== undefined && !isTooDeep(whole.value))
    return { documents: [document(source, whole.value, start)], problems: [] };
  const documents: SourceDocument[] = [];
  for (let at = start; at < text.length; ) {
    const end = endOfValue(text, at);
    const value = tryJson(text.slice(at, end));
    if (value === undefined || end === at || isTooDeep(value.value))
      return { documents, problems: [findJsonProblem(text, at)] };
    if (isHuge(text) && !isObject(value.value))
      return { documents: [], problems: [{ offset: at, message: notAnObject }] };
    documents.push(document(source, value.value, at));
    at = skipBlank(text, end);
  }
  return { documents, problems: [] };
}

function tryJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return isRecord(value) && value.apiVersion !== undefined && value.kind !== undefined;
}

function document(source: SourceText, value: unknown, start: number): SourceDocument {
  return { value, source, form: { kind: "json", start } };
}

/** The result of the fast parser is used if it has no error; otherwise the other parser gives better messages. */
function readYaml(source: SourceText): ReadDocuments {
  const values = readYamlValues(source.text);
  if (values === undefined) return readYamlCarefully(source);
  return { documents: values.map((value, index) => ({ value, source, form: { kind: "yaml", index } })), problems: [] };
}

/** The values of the documents that are not empty; undefined for a text with an error, or with anchors or merge keys. */
function readYamlValues(text: string): readonly unknown[] | undefined {
  // Nested aliases may expand to billions of values: only the other parser limits them.
  if (/(?:^|[\s[{,:-])(?:&\S|<<\s*:)/.test(text)) return undefined;
  const values: unknown[] = [];
  try {
    loadAll(text, (value) => values.push(value), { schema: kubectlSchema });
  } catch {
    return undefined;
  }
  if (values.some((value) => isTooDeep(value))) return undefined;
  return values.filter((value) => value !== null && value !== undefined);
}

const tooDeep = "nested too deeply";

/** The maximum number of problems reported per text: most are consequences of the first. */
const mostProblems = 100;

function readYamlCarefully(source: SourceText): ReadDocuments {
  const documents: SourceDocument[] = [];
  const problems: TextProblem[] = [];
  try {
    const parsed = parseAllDocuments(source.text, kubectlYaml);
    if ("empty" in parsed) return { documents, problems };
    let index = 0;
    const budget = createAliasBudget();
    for (const one of parsed) {
      const found = findProblems(one, budget);
      for (const problem of found) if (problems.length < mostProblems) problems.push(problem);
      const value: unknown = found.length > 0 ? null : toValue(one, problems);
      if (value !== null && value !== undefined) documents.push({ value, source, form: { kind: "yaml", index } });
      if (!isEmptyDocument(one)) index += 1;
    }
  } catch {
    problems.push({ offset: 0, message: tooDeep });
  }
  return { documents, problems };
}

function findProblems({ errors, contents }: Document.Parsed, budget: AliasBudget): readonly TextProblem[] {
  if (errors.length > 0) return errors.map(problemOf);
  const graph = findTreeProblem(contents, budget);
  return graph === undefined ? findDuplicateKeys(contents) : [graph];
}

function problemOf({ pos, message }: YAMLError): TextProblem {
  return { offset: pos[0], message: /call stack/.test(message) ? tooDeep : firstLine(message) };
}

function toValue(document: Document.Parsed, problems: TextProblem[]): unknown {
  try {
    // Aliases are counted by findTreeProblem.
    return document.toJS({ maxAliasCount: -1 });
  } catch (error) {
    const message = error instanceof RangeError ? tooDeep : firstLine(String(error));
    problems.push({ offset: document.contents?.range[0] ?? 0, message });
    return undefined;
  }
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/^\w*Error: /, "");
}

/** Nothing between two separators, or only comments. */
export function isEmptyDocument({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}
