import { isMap, isScalar, isSeq } from "yaml";
import type { TextProblem } from "./json-places.ts";
import type { SourceText } from "./source.ts";
import { hasContent } from "./text-limits.ts";

/** Duplicate keys of a mapping. The library's own check takes quadratic time. */
export function findDuplicateKeys(root: unknown): readonly TextProblem[] {
  const problems: TextProblem[] = [];
  const look = (node: unknown): void => {
    if (isSeq(node)) node.items.forEach(look);
    if (!isMap(node)) return;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items) {
      // As text, which all keys of JSON are.
      const name = isScalar(key) ? String(key.value) : key;
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
      if (seen.has(name)) problems.push({ offset, message: "Map keys must be unique" });
      seen.add(name);
      look(value);
    }
  };
  look(root);
  return problems;
}

/** A part of a YAML text that can be read alone. */
export interface Excerpt {
  /** Where it starts in the text. */
  readonly offset: number;
  readonly text: string;
  /** The keys that lead to it from the root of its document; the excerpt itself is a list of one, or the document. */
  readonly within: readonly (string | number)[];
}

type Path = readonly (string | number)[];

/**
 * The part of a long text that contains a path: one document, or one item of a List as kubectl prints it. It is found
 * by the layout of lines, so the caller must verify its content. Undefined if not found.
 */
export function excerptAt(source: SourceText, index: number, path: Path): Excerpt | undefined {
  const range = documentsOf(source)[index];
  if (range === undefined) return undefined;
  const [key, item] = path;
  if (key !== "items" || item === undefined) return excerpt(source, range, []);
  const starts = itemsOf(source, range);
  const from = starts[Number(item)];
  if (from === undefined) return undefined;
  const to = starts[Number(item) + 1] ?? endOfList(source.text, from, range.to);
  return excerpt(source, { from, to }, ["items", Number(item)]);
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function excerpt({ text }: SourceText, { from, to }: Range, within: Path): Excerpt {
  return { offset: from, text: text.slice(from, to), within };
}

const documents = new WeakMap<SourceText, readonly Range[]>();
const items = new WeakMap<Range, readonly number[]>();

/** Those that hold something, as `read-documents.ts` counts them. */
function documentsOf(source: SourceText): readonly Range[] {
  const known = documents.get(source);
  if (known !== undefined) return known;
  const { text } = source;
  const ranges: Range[] = [];
  for (let from = 0; from < text.length; ) {
    const next = nextSeparator(text, from);
    if (hasContent(text.slice(from, next))) ranges.push({ from, to: next });
    from = next;
  }
  documents.set(source, ranges);
  return ranges;
}

/** The start of the next line that is `---`, behind `from`; the end of the text where there is none. */
function nextSeparator(text: string, from: number): number {
  for (let at = text.indexOf("\n---", from); at >= 0; at = text.indexOf("\n---", at + 1)) {
    const after = text[at + 4];
    if (after === undefined || /\s/.test(after)) return at + 1;
  }
  return text.length;
}

/** Where the items of a List start, each with its `-` at the indentation of the first. */
function itemsOf({ text }: SourceText, range: Range): readonly number[] {
  const known = items.get(range);
  if (known !== undefined) return known;
  const starts: number[] = [];
  const [heading, indent = ""] =
    /^items:[ \t]*\r?\n(?:[ \t]*#.*\n)*( *)- /m.exec(text.slice(range.from, range.to)) ?? [];
  if (heading !== undefined) {
    const mark = `\n${indent}- `;
    const first = text.indexOf(heading, range.from);
    for (let at = text.indexOf(mark, first); at >= 0 && at < range.to; at = text.indexOf(mark, at + 1)) {
      starts.push(at + 1);
    }
  }
  items.set(range, starts);
  return starts;
}

/** Where the last item ends: at a line that is no deeper than its `-`. */
function endOfList(text: string, from: number, to: number): number {
  const indent = text.indexOf("-", from) - from;
  const outside = new RegExp(`\\n {0,${indent}}[^\\s#-]`, "g");
  outside.lastIndex = from;
  const found = outside.exec(text.slice(0, to));
  return found === null ? to : found.index + 1;
}
