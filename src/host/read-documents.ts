import { loadAll } from "js-yaml";
import { type Document, isScalar, parseAllDocuments } from "yaml";
import { isRecord } from "../model/fields.ts";
import { endOfValue, skipBlank } from "./json-places.ts";
import { findJsonProblem, type TextProblem } from "./json-problem.ts";
import { kubectlSchema, kubectlYaml } from "./kubectl-yaml.ts";
import type { SourceDocument, SourceText } from "./source.ts";

export interface ReadDocuments {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly TextProblem[];
}

/** Reads the documents of a text: JSON, JSON lines, or YAML as kubectl reads it. Never throws. */
export function readDocuments(source: SourceText): ReadDocuments {
  const start = skipBlank(source.text, 0);
  const first = source.text[start];
  if (first !== "{" && first !== "[") return readYaml(source);
  const json = readJson(source, start);
  if (json.problems.length === 0) return json;
  // Flow style YAML looks like JSON too: {kind: Service, ...}.
  if (source.name.endsWith(".json") || source.text.length > flowYamlLimit) return json;
  const yaml = readYaml(source);
  return yaml.problems.length === 0 ? yaml : json;
}

const flowYamlLimit = 1_000_000;

function readJson(source: SourceText, start: number): ReadDocuments {
  const { text } = source;
  const whole = tryJson(text);
  if (whole !== undefined) return { documents: [document(source, whole.value, start)], problems: [] };
  const documents: SourceDocument[] = [];
  for (let at = start; at < text.length; ) {
    const end = endOfValue(text, at);
    const value = tryJson(text.slice(at, end));
    if (value === undefined || end === at) return { documents, problems: [findJsonProblem(text, at)] };
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

function document(source: SourceText, value: unknown, start: number): SourceDocument {
  return { value, source, form: { kind: "json", start } };
}

/** The fast reader's word is taken where it is content; where it is not, the other knows better what is wrong. */
function readYaml(source: SourceText): ReadDocuments {
  const values = readYamlValues(source.text);
  if (values === undefined) return readYamlCarefully(source);
  return { documents: values.map((value, index) => ({ value, source, form: { kind: "yaml", index } })), problems: [] };
}

/** The values of the documents that are not empty; undefined for a text with an error, or with anchors or merge keys. */
function readYamlValues(text: string): readonly unknown[] | undefined {
  // Aliases of aliases may stand for billions of values: only the other reader counts them.
  if (/(?:^|[\s[{,:-])(?:&\S|<<\s*:)/.test(text)) return undefined;
  const values: unknown[] = [];
  try {
    loadAll(text, (value) => values.push(value), { schema: kubectlSchema });
  } catch {
    return undefined;
  }
  return values.filter((value) => value !== null && value !== undefined);
}

const hugeText = 4_000_000;
const sampleLength = 200_000;

function readYamlCarefully(source: SourceText): ReadDocuments {
  const early = source.text.length > hugeText ? problemInSample(source.text) : undefined;
  if (early !== undefined) return { documents: [], problems: [early] };
  const documents: SourceDocument[] = [];
  const problems: TextProblem[] = [];
  try {
    const parsed = parseAllDocuments(source.text, kubectlYaml);
    if ("empty" in parsed) return { documents, problems };
    let index = 0;
    for (const one of parsed) {
      problems.push(...one.errors.map(({ pos, message }) => ({ offset: pos[0], message: firstLine(message) })));
      const value: unknown = one.errors.length > 0 ? null : one.toJS({ maxAliasCount: 1000 });
      if (value !== null && value !== undefined) documents.push({ value, source, form: { kind: "yaml", index } });
      if (!isEmptyDocument(one)) index += 1;
    }
  } catch (error) {
    // Alias bombs and nesting beyond the stack end up here.
    problems.push({ offset: 0, message: error instanceof RangeError ? "nested too deeply" : firstLine(String(error)) });
  }
  return { documents, problems };
}

/** Tens of megabytes of rubbish are refused by their beginning, which takes no minutes to read. */
function problemInSample(text: string): TextProblem | undefined {
  const sample = text.slice(0, text.lastIndexOf("\n", sampleLength) + 1 || sampleLength);
  const { problems, documents } = readYamlCarefully({ name: "", text: sample });
  const early = problems.find(({ offset }) => offset < sample.length / 2);
  if (early !== undefined) return early;
  const odd = documents.find(({ value }) => !isRecord(value));
  return odd === undefined
    ? undefined
    : { offset: 0, message: "a document must be a mapping with apiVersion and kind" };
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/^\w*Error: /, "");
}

/** Nothing between two separators, or only comments. */
export function isEmptyDocument({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}
