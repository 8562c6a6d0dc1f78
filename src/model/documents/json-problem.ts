import { endOfString, skipBlank } from "./json-places.ts";

export interface TextProblem {
  readonly offset: number;
  readonly message: string;
}

/** Levels of nesting of a document. No object of Kubernetes comes near; what reads values recurses. */
export const mostLevels = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids just these
const control = /[\u0000-\u001f]/;
const escapes = /\\(?:u[0-9a-fA-F]{4}|[\s\S])/g;
const goodEscape = /^\\(?:["\\/bfnrt]$|u.)/;
const otherToken = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.+-])/y;

/** Where text that JSON.parse refuses stops being JSON, for a message with a place. */
export function findJsonProblem(text: string, start: number): TextProblem {
  const result = readValue(text, skipBlank(text, start), 0);
  if (typeof result !== "number") return result;
  return { offset: skipBlank(text, result), message: "unexpected text after the end of the JSON value" };
}

/** The first problem in values that follow one another, as in JSON lines. */
export function findProblemInValues(text: string, start: number): TextProblem | undefined {
  for (let at = skipBlank(text, start); at < text.length; ) {
    const result = readValue(text, at, 0);
    if (typeof result !== "number") return result;
    at = skipBlank(text, result);
  }
  return undefined;
}

/** The offset after the value, or the problem in it. */
function readValue(text: string, at: number, depth: number): number | TextProblem {
  if (depth > mostLevels) return { offset: at, message: `more than ${mostLevels} levels of nesting` };
  if (text[at] === "{" || text[at] === "[") return readContainer(text, at, depth);
  const end = text[at] === '"' ? readString(text, at) : readToken(otherToken, text, at);
  return (
    end ?? problem(text, at, text[at] === '"' ? "a string is not closed, or has an invalid escape" : "not a JSON value")
  );
}

function readContainer(text: string, start: number, depth: number): number | TextProblem {
  const closing = text[start] === "{" ? "}" : "]";
  let at = skipBlank(text, start + 1);
  if (text[at] === closing) return at + 1;
  for (;;) {
    if (closing === "}") {
      const end = readString(text, at);
      if (end === undefined) return problem(text, at, "expected a key in double quotes");
      at = skipBlank(text, end);
      if (text[at] !== ":") return problem(text, at, "expected a colon");
      at = skipBlank(text, at + 1);
    }
    const end = readValue(text, at, depth + 1);
    if (typeof end !== "number") return end;
    at = skipBlank(text, end);
    if (text[at] === closing) return at + 1;
    if (text[at] !== ",") return problem(text, at, `expected a comma or ${closing}`);
    at = skipBlank(text, at + 1);
  }
}

/** The offset after a string; undefined for something else, or where JSON has no such string. */
function readString(text: string, at: number): number | undefined {
  if (text[at] !== '"') return undefined;
  const end = endOfString(text, at);
  const content = text.slice(at + 1, end - 1);
  if (text[end - 1] !== '"' || end === at + 1 || control.test(content)) return undefined;
  for (const [found] of content.matchAll(escapes)) if (!goodEscape.test(found)) return undefined;
  return end;
}

function readToken(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function problem(text: string, offset: number, message: string): TextProblem {
  return { offset, message: offset >= text.length ? "unexpected end of the text" : message };
}
