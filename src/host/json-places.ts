/** Finds places in JSON text: JSON.parse gives values without them. The texts here have been parsed before. */

export interface Span {
  readonly offset: number;
  readonly length: number;
}

const blank = /[ \t\r\n]*/y;
const scalarToken = /[^\s,\]}]*/y;
const bracketOrString = /["{}[\]]/g;

export function skipBlank(text: string, offset: number): number {
  return matchEnd(blank, text, offset);
}

function matchEnd(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}

/** The offset just after a string; the text's end when it is cut off. A loop: patterns overflow on long strings. */
export function endOfString(text: string, start: number): number {
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
  let depth = 0;
  bracketOrString.lastIndex = start;
  for (let found = bracketOrString.exec(text); found !== null; found = bracketOrString.exec(text)) {
    const [token] = found;
    if (token === '"') bracketOrString.lastIndex = endOfString(text, found.index);
    else depth += token === "{" || token === "[" ? 1 : -1;
    if (depth === 0) return found.index + 1;
  }
  return text.length;
}

interface Member {
  readonly name: string | number;
  readonly key: Span | undefined;
  readonly start: number;
}

/** The members of the object or list that starts at `start`, in order. */
function* membersOf(text: string, start: number): Generator<Member> {
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
  let found: Member | undefined;
  for (const member of membersOf(text, start)) {
    if (member.name !== name) continue;
    found = member;
    if (text[start] === "[") break;
  }
  return found;
}
