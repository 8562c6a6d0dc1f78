import { skipBlank } from "./json-places.ts";

export interface TextProblem {
  readonly offset: number;
  readonly message: string;
}

const deepest = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids just these
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const otherToken = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.+-])/y;

/** Where text that JSON.parse refuses stops being JSON, for a message with a place. */
export function findJsonProblem(text: string, start: number): TextProblem {
  const result = readValue(text, skipBlank(text, start), 0);
  if (typeof result !== "number") return result;
  return { offset: skipBlank(text, result), message: "something follows the end of the JSON value" };
}

/** The offset after the value, or the problem in it. */
function readValue(text: string, at: number, depth: number): number | TextProblem {
  if (depth > deepest) return { offset: at, message: `more than ${deepest} levels of nesting` };
  if (text[at] === "{" || text[at] === "[") return readContainer(text, at, depth);
  const end = readToken(text[at] === '"' ? stringToken : otherToken, text, at);
  return (
    end ?? problem(text, at, text[at] === '"' ? "a string is not closed, or holds a bad escape" : "not a JSON value")
  );
}

function readContainer(text: string, start: number, depth: number): number | TextProblem {
  const closing = text[start] === "{" ? "}" : "]";
  let at = skipBlank(text, start + 1);
  if (text[at] === closing) return at + 1;
  for (;;) {
    if (closing === "}") {
      const end = readToken(stringToken, text, at);
      if (end === undefined) return problem(text, at, "a key in double quotes is missing");
      at = skipBlank(text, end);
      if (text[at] !== ":") return problem(text, at, "a colon is missing");
      at = skipBlank(text, at + 1);
    }
    const end = readValue(text, at, depth + 1);
    if (typeof end !== "number") return end;
    at = skipBlank(text, end);
    if (text[at] === closing) return at + 1;
    if (text[at] !== ",") return problem(text, at, `a comma or ${closing} is missing`);
    at = skipBlank(text, at + 1);
  }
}

function readToken(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function problem(text: string, offset: number, message: string): TextProblem {
  return { offset, message: offset >= text.length ? "the text ends too early" : message };
}
