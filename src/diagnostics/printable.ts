const LONGEST = 80;

/**
 * Text from the input, safe to print: control characters (terminal escapes, newlines, bidirectional overrides) become
 * \u escapes, and long values are cut.
 */
export function printable(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
  return escapeControls(cut);
}

/** Like `printable`, with quotes around strings: a refused value in a message. */
export function quoted(value: unknown): string {
  return typeof value === "string" ? `"${printable(value)}"` : printable(value);
}

/**
 * Characters that move a cursor, change colours, reverse or hide text, end a line or show nothing: controls, formats such
 * as bidirectional overrides, separators, halves of a character, and what fonts do not draw.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;
const hiddenInLines = new RegExp(`(?!\\n)${hidden.source}`, hidden.flags);

/** One line of text for people. Every printer passes text from outside through here. */
export function escapeControls(text: string): string {
  return text.replace(hidden, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : unitEscape(code);
  });
}

/** Text of several lines: their ends are kept. */
export function escapeLines(text: string): string {
  return text.split("\n").map(escapeControls).join("\n");
}

/** A value as JSON that is printable, and that every parser reads as the same value. */
export function printableJson(value: unknown, indent = 0): string {
  // Line ends stand between values: JSON.stringify has escaped those in strings.
  return JSON.stringify(value, null, indent).replace(hiddenInLines, unitEscapes);
}

/** YAML in which only quoted scalars hold hidden characters, as text that is printable. */
export function printableYaml(yaml: string): string {
  return yaml.replace(hiddenInLines, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : unitEscape(code);
  });
}

/** XML 1.0, which cannot hold most control characters, halves of characters and two others, not even as references. */
export function printableXml(xml: string): string {
  return xml.replace(/[\ufffe\uffff]/g, "\ufffd").replace(hiddenInLines, (char) => {
    const code = char.codePointAt(0) ?? 0;
    const isReferable = char === "\t" || char === "\r" || (code > 0x1f && !/\p{Cs}/u.test(char));
    return isReferable ? `&#x${code.toString(16)};` : "\ufffd";
  });
}

/** Characters that terminals draw in two columns: East Asian wide forms, and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** The columns of a terminal that a printable text takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += /[\p{Mn}\p{Me}]/u.test(char) ? 0 : wide.test(char) ? 2 : 1;
  return width;
}

/** Whether a text is not printable as it is. */
export function hasHidden(text: string): boolean {
  return text.search(hidden) !== -1;
}

function unitEscapes(char: string): string {
  return char
    .split("")
    .map((unit) => unitEscape(unit.charCodeAt(0)))
    .join("");
}

function unitEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Words in lines of at most this width; a longer word has a line of its own. */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
