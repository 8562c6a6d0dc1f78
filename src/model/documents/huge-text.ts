import { isMap, isScalar, parseAllDocuments } from "yaml";
import { findProblemInValues, type TextProblem } from "./json-problem.ts";
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
