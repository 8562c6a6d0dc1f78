const QUOTE = '"';
const PLAIN = /^[A-Za-z0-9_-]+$/;

/** The words of a line, each still as spelled; undefined when a quote stays open. */
export function splitWords(line: string): readonly string[] | undefined {
  if (!line.includes(QUOTE)) return line.split(/[ \t]+/).filter((word) => word !== "");
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    if (line[at] === " " || line[at] === "\t") {
      at += 1;
      continue;
    }
    const end = wordEnd(line, at);
    if (end === undefined) return undefined;
    words.push(line.slice(at, end));
    at = end;
  }
  return words;
}

function wordEnd(line: string, start: number): number | undefined {
  let quoted = false;
  for (let at = start; at < line.length; at += 1) {
    const char = line[at];
    if (quoted && char === "\\") at += 1;
    else if (char === QUOTE) quoted = !quoted;
    else if (!quoted && (char === " " || char === "\t")) return at;
  }
  return quoted ? undefined : line.length;
}

/** What a word says once the quotes and backslashes are gone. */
export function unquote(word: string): string {
  if (!word.includes(QUOTE)) return word;
  let text = "";
  let quoted = false;
  for (let at = 0; at < word.length; at += 1) {
    if (word[at] === QUOTE) quoted = !quoted;
    else if (quoted && word[at] === "\\") {
      at += 1;
      text += word[at] ?? "";
    } else text += word[at];
  }
  return text;
}

/** Quotes as iptables-save does (libxtables, xtables_save_string): anything but letters, digits, `_` and `-`. */
export function quote(text: string): string {
  return PLAIN.test(text) ? text : `"${text.replace(/["'\\]/g, "\\$&")}"`;
}
