import { escapeControls } from "../diagnostics/printable.ts";

/** The same value with every string in it escaped. Renderers call this first, so that no field is forgotten. */
export function escapeDeep<Value>(value: Value): Value {
  return escapeAny(value) as Value;
}

function escapeAny(value: unknown): unknown {
  if (typeof value === "string") return escapeControls(value);
  if (Array.isArray(value)) return value.map(escapeAny);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, escapeAny(field)]));
}

/** Escapes text for an element or a quoted attribute. */
export function esc(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Text from manifests or rules as code, with arrows. */
export function mono(text: string): string {
  return `<code>${esc(text)}</code>`;
}

/** A phrase of the diff as HTML. */
export function phrase(text: string): string {
  return esc(text.replaceAll(" -> ", " → "));
}

/** Longer values are cut, to limit the size of a comment. */
const longest = 160;

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}

/**
 * A value as a code span, in a table or outside. A backtick would end the span and a bar the table cell: they are
 * written as `\u0060` and `\u007c`, like control characters.
 */
export function code(text: string): string {
  const safe = cut(text).replaceAll("`", "\\u0060").replaceAll("|", "\\u007c");
  return safe.trim() === "" ? "-" : `\`${safe}\``;
}

/**
 * A phrase without any markup. GitHub detects references (`@name`, `#1`) and addresses after it decodes entities, so
 * invisible characters are inserted in them.
 */
export function prose(text: string): string {
  return cut(text)
    .replaceAll(" -> ", " → ")
    .replace(/[\\`*_[\]<>|~&$@#]|:\/\/|www\./gi, apart)
    .replace(/^(\s*)([-+=]|\d+[.)](?=\s|$))/, `$1${invisible}$2`);
}

/** A phrase within a line of HTML, where Markdown has no meaning. */
export function html(text: string): string {
  return cut(text)
    .replaceAll(" -> ", " → ")
    .replace(/[&<>"'`*_[\]@#]/g, apart);
}

/** As a reference: a report has no invisible characters. */
const invisible = "&#8203;";

function apart(found: string): string {
  return /^[@#:w]/i.test(found) ? found[0] + invisible + found.slice(1) : `&#${found.charCodeAt(0)};`;
}

/** Lines as a code block, with a fence that no line can close. */
export function fence(language: string, lines: readonly string[]): string {
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []).map(({ length }) => length);
  const ticks = "`".repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return `${ticks}${language}\n${lines.join("\n")}\n${ticks}`;
}
