const QUOTE = '"';
const PLAIN = /^[A-Za-z0-9_-]+$/;

/** The words of a line, as spelled; undefined when a quote is not closed. */
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

/** A word without quotes and backslashes. */
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

/** Quotes like iptables-save (libxtables, xtables_save_string): anything but letters, digits, `_` and `-`. */
export function quote(text: string): string {
  return PLAIN.test(text) ? text : `"${text.replace(/["'\\]/g, "\\$&")}"`;
}

const THRESHOLD_ONE = 2n ** 31n;
const DECIMALS = 10n ** 11n;

/** A decimal number of at most ten digits. */
export function parseNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** `0x4000/0x4000`, or `0x4000` alone for a mask of all bits. */
export function parseValueAndMask(text: string): { readonly value: number; readonly mask: number } | undefined {
  const [, value, mask] = /^(0x[0-9a-f]{1,8})(?:\/(0x[0-9a-f]{1,8}))?$/i.exec(text) ?? [];
  return value === undefined
    ? undefined
    : { value: Number(value), mask: mask === undefined ? 0xffffffff : Number(mask) };
}

export function printHex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** threshold / 2^31 as C's `%.11f` prints it: a tie goes to the even digit (at 1/4096), which `toFixed` does not do. */
export function printProbability(threshold: number): string {
  const scaled = BigInt(threshold) * DECIMALS;
  const whole = scaled / THRESHOLD_ONE;
  const twice = (scaled % THRESHOLD_ONE) * 2n;
  const up = twice > THRESHOLD_ONE || (twice === THRESHOLD_ONE && whole % 2n === 1n);
  const digits = (up ? whole + 1n : whole).toString().padStart(12, "0");
  return `${digits.slice(0, -11)}.${digits.slice(-11)}`;
}
