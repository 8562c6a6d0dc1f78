/** Finds places in JSON text: JSON.parse gives values without them. The texts here have been parsed before. */

export interface Span {
  readonly offset: number;
  readonly length: number;
}

const blank = /[ \t\r\n]*/y;
const scalarToken = /[^\s,\]}]*/y;

export function skipBlank(text: string, offset: number): number {
  return matchEnd(blank, text, offset);
}

function matchEnd(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}

/** The offset just after a string; the text's end when it is cut off. A loop: patterns overflow on long strings. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text[before] === "\\") before -= 1;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return text.length;
}

/** The offset just after the value that starts at `start`; the text's end when it is cut off. */
export function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  if (text[start] !== "{" && text[start] !== "[") return matchEnd(scalarToken, text, start);
  return endOfContainer(text, start);
}

/** Byte by byte: texts of tens of megabytes are walked to find one line of them. */
function endOfContainer(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at) - 1;
    // { and [, then } and ].
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

const quote = 0x22;

interface Member {
  readonly name: string | number;
  readonly key: Span | undefined;
  readonly start: number;
}

/** The members of the object or list that starts at `start`, in order. */
function* membersOf(text: string, start: number): Generator<Member, undefined> {
  const isObject = text[start] === "{";
  let at = skipBlank(text, start + 1);
  for (let index = 0; at < text.length && text[at] !== "}" && text[at] !== "]"; index++) {
    let name: string | number = index;
    let key: Span | undefined;
    if (isObject) {
      const end = endOfValue(text, at);
      key = { offset: at, length: end - at };
      name = JSON.parse(text.slice(at, end));
      at = skipBlank(text, skipBlank(text, end) + 1);
    }
    yield { name, key, start: at };
    at = skipBlank(text, endOfValue(text, at));
    if (text[at] === ",") at = skipBlank(text, at + 1);
  }
  return undefined;
}

/**
 * Where the value at `path` stands in the JSON value that starts at `start`, or the nearest one around it. A
 * container is shown by its key; so is everything when `caret` is "key".
 */
export function locateInJson(
  text: string,
  start: number,
  path: readonly (string | number)[],
  caret: "key" | "value",
): Span {
  let at = skipBlank(text, start);
  let key: Span | undefined;
  for (const step of path) {
    const member = findMember(text, at, step);
    if (member === undefined) return key ?? { offset: at, length: 1 };
    at = member.start;
    key = member.key;
  }
  const isContainer = text[at] === "{" || text[at] === "[";
  if (key !== undefined && (caret === "key" || isContainer)) return key;
  return { offset: at, length: isContainer ? 1 : endOfValue(text, at) - at };
}

/** Of equal keys the last wins, as JSON.parse reads them. */
function findMember(text: string, start: number, name: string | number): Member | undefined {
  if (text[start] !== "{" && text[start] !== "[") return undefined;
  const walk = walkOf(text, start);
  const isList = text[start] === "[";
  while (!isList || walk.members.length <= Number(name)) {
    const { value, done } = walk.rest.next();
    if (done) break;
    walk.members.push(value);
  }
  return isList ? walk.members[Number(name)] : walk.members.findLast((member) => member.name === name);
}

/** The members of one object or list, as far as they were walked. */
interface Walk {
  readonly members: Member[];
  readonly rest: Iterator<Member, undefined>;
}

/** Of the text that was asked about last: a List may be a whole cluster, and dozens of its lines are looked for. */
let remembered: { readonly text: string; readonly walks: Map<number, Walk> } = { text: "", walks: new Map() };

function walkOf(text: string, start: number): Walk {
  if (remembered.text !== text) remembered = { text, walks: new Map() };
  const walk = remembered.walks.get(start) ?? { members: [], rest: membersOf(text, start) };
  remembered.walks.set(start, walk);
  return walk;
}

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
