import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments } from "yaml";
import { findProblemInValues, mostLevels, type TextProblem } from "./json-places.ts";
import { kubectlYaml } from "./kubectl-yaml.ts";

const huge = 1_000_000;
const sampleLength = 200_000;

export const notAnObject = "a document must be a mapping with apiVersion and kind";

/** Whether a text is so long that its beginning is looked at before it is read whole. */
export function isHuge(text: string): boolean {
  return text.length > huge;
}

/** Whether there is more in a text than blank lines, comments, directives and document separators. */
export function hasContent(text: string): boolean {
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    // Cut, since a line may be as long as the text, and its beginning is sufficient.
    const line = text.slice(at, Math.min(end, at + sampleLength)).trim();
    if (line !== "" && line !== "---" && !line.startsWith("#") && !line.startsWith("%")) return true;
    at = line === "" && end - at > sampleLength ? at + sampleLength : end + 1;
  }
  return false;
}

/** What is wrong with the beginning of a huge text: tens of megabytes of rubbish must not take minutes to read. */
export function findEarlyProblem(text: string, start: number): TextProblem | undefined {
  const sample = sampleOf(text);
  const isJson = text[start] === "{" || text[start] === "[";
  const found = isJson ? findProblemInValues(sample, start) : findYamlProblem(sample);
  // Near its end, the sample's being cut off is the problem.
  return found !== undefined && found.offset < sample.length / 2 ? found : undefined;
}

function sampleOf(text: string): string {
  return text.slice(0, text.lastIndexOf("\n", sampleLength) + 1 || sampleLength);
}

function findYamlProblem(sample: string): TextProblem | undefined {
  try {
    const parsed = parseAllDocuments(sample, kubectlYaml);
    if ("empty" in parsed) return undefined;
    for (const [index, { contents, errors }] of parsed.entries()) {
      const [error] = errors;
      const offset = contents?.range?.[0] ?? 0;
      if (contents !== null && !isEmpty(contents) && !looksLikeObject(contents, index === parsed.length - 1)) {
        return { offset: Math.min(offset, error?.pos[0] ?? offset), message: notAnObject };
      }
      if (error !== undefined) return { offset: error.pos[0], message: error.message };
    }
    return undefined;
  } catch {
    return { offset: 0, message: "nested too deeply" };
  }
}

function isEmpty(contents: unknown): boolean {
  return isScalar(contents) && contents.value === null;
}

/** Of a document that is cut off, some of the keys that every object and List begins with have to do. */
function looksLikeObject(contents: unknown, isCut: boolean): boolean {
  if (!isMap(contents)) return false;
  const has = (key: string): boolean => contents.has(key);
  return isCut ? ["apiVersion", "kind", "items", "metadata"].some(has) : has("apiVersion") && has("kind");
}

/** Whether a value has more levels of nesting below it than these, or than a document may have. */
export function isTooDeep(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels < 0) return true;
  if (Array.isArray(value)) return value.some((item) => isTooDeep(item, levels - 1));
  const record = value as Readonly<Record<string, unknown>>;
  // No list of values is made: an API server may have sent a million objects.
  for (const name in record) if (typeof record[name] === "object" && isTooDeep(record[name], levels - 1)) return true;
  return false;
}

/** What the aliases of one text may still add to it: aliases of aliases multiply with each line. */
export interface AliasBudget {
  characters: number;
}

export function createAliasBudget(): AliasBudget {
  return { characters: 10_000_000 };
}

/** In one document. For each alias the library looks through all anchors and aliases. */
const mostAliases = 10_000;

/**
 * Why a YAML document is not a tree of bounded size: an alias without an anchor, an anchor that contains itself, aliases
 * that multiply, nesting. One pass over the syntax, before values are made of it.
 */
export function findTreeProblem(root: unknown, budget: AliasBudget): TextProblem | undefined {
  /** The size of each anchor's value; undefined while inside of it. Names may be used again. */
  const anchors = new Map<string, number | undefined>();
  let problem: TextProblem | undefined;
  let aliases = 0;
  const fail = ({ range }: Pick<Node, "range">, message: string): number => {
    problem ??= { offset: range?.[0] ?? 0, message };
    return 0;
  };
  const sizeOfAlias = (alias: Alias): number => {
    const size = anchors.get(alias.source);
    if (!anchors.has(alias.source)) return fail(alias, `the alias *${alias.source} has no anchor before it`);
    if (size === undefined) return fail(alias, `the anchor &${alias.source} contains itself`);
    budget.characters -= size;
    aliases += 1;
    if (budget.characters < 0 || aliases > mostAliases) return fail(alias, "the aliases expand to too much text");
    return size;
  };
  const sizeOf = (node: unknown, level: number): number => {
    if (problem !== undefined) return 0;
    if (isAlias(node)) return sizeOfAlias(node);
    if (isScalar(node)) {
      const size = 1 + (typeof node.value === "string" ? node.value.length : 0);
      if (node.anchor !== undefined) anchors.set(node.anchor, size);
      return size;
    }
    if (!isMap(node) && !isSeq(node)) return 1;
    if (level > mostLevels) return fail(node, `more than ${mostLevels} levels of nesting`);
    if (node.anchor !== undefined) anchors.set(node.anchor, undefined);
    const parts = isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : node.items;
    const size = parts.reduce((sum: number, part: unknown) => sum + sizeOf(part, level + 1), 1);
    if (node.anchor !== undefined) anchors.set(node.anchor, size);
    return size;
  };
  sizeOf(root, 0);
  return problem;
}
