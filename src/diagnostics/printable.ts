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

/** Replaces what could move a cursor, hide text or end a line. */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
