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
