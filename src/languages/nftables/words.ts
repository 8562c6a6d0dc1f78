/**
 * The words of a line of nft: blanks separate them, a string in quotation marks is one, and braces, parentheses and commas
 * between the elements of a set are words of their own. `established,related` is one word.
 */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  const pattern = /"(?:[^"\\]|\\.)*"?|[{}();]|,(?=\s|$|\})|(?:[^\s"{}();,]|,(?!\s|$|\}))+/g;
  for (const [word] of line.matchAll(pattern)) words.push(word);
  return words;
}

/** The text of a string in quotation marks, or the word itself. */
export function unquoted(word: string): string {
  return word.length >= 2 && word.startsWith('"') && word.endsWith('"') ? word.slice(1, -1) : word;
}

/** One line of words, spelled as nft prints it. */
export function joinWords(words: readonly string[]): string {
  let line = "";
  for (const [at, word] of words.entries()) {
    const isTight = at === 0 || word === "," || word === ";" || word === ")" || words[at - 1] === "(";
    line += isTight ? word : ` ${word}`;
  }
  return line;
}

/** The same words split at a separator outside of braces; a separator at the end separates nothing. */
export function splitWords(words: readonly string[], separator: string): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === "{") depth += 1;
    if (word === "}") depth -= 1;
    if (word === separator && depth === 0) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts.at(-1)?.length === 0 ? parts.slice(0, -1) : parts;
}

/** How many braces a line opens, less those it closes. */
export function depthOf(words: readonly string[]): number {
  let depth = 0;
  for (const word of words) depth += word === "{" ? 1 : word === "}" ? -1 : 0;
  return depth;
}

/** Seconds in `3h`, `1h30m`, `1d2h3m4s500ms` or a number; undefined for another word. */
export function secondsOf(word: string): number | undefined {
  if (/^\d+$/.test(word)) return Number(word);
  const [whole, days, hours, minutes, seconds, milliseconds] =
    /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(word) ?? [];
  if (whole === undefined || whole === "") return undefined;
  const of = (count: string | undefined, size: number) => Number(count ?? 0) * size;
  return of(days, 86_400) + of(hours, 3600) + of(minutes, 60) + of(seconds, 1) + of(milliseconds, 0.001);
}

/** A number in decimal or hexadecimal. */
export function numberOf(word: string | undefined): number | undefined {
  if (word === undefined || !/^(?:0x[\da-f]{1,8}|\d{1,10})$/i.test(word)) return undefined;
  const value = Number(word);
  return value > 0xffffffff ? undefined : value;
}

/** The chains that a rule or an element leads to: `goto services`. */
export function chainsNamed(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:jump|goto) ([^\s,}]+)/g)].map(([, name = ""]) => name);
}

/** The sets and maps that a rule names: `@blocked`. */
export function setsNamed(rule: string): readonly string[] {
  if (!rule.includes("@")) return [];
  return [...rule.matchAll(/(?<=^|\s)@([^\s{}]+)/g)].map(([, name = ""]) => name);
}
