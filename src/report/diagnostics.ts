import type { Diagnostic, Severity } from "../diagnostics/diagnostic.ts";
import type { Origin } from "../diagnostics/place.ts";
import { displayWidth, escapeControls, wrapWords } from "../diagnostics/printable.ts";
import { type Location, locate } from "../model/documents/locate.ts";
import type { SourceDocument } from "../model/documents/source.ts";

const styles = { error: "red", warning: "yellow", info: "cyan" } as const;

/** Further warnings with the same code are only counted, so that errors stay visible. Errors are all shown. */
const mostAlike = 20;

const ranks: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** The diagnostics of a run as text. Errors come last, directly above the prompt. */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  documents: readonly SourceDocument[],
  look: DiagnosticLook,
): string {
  const shown = new Map<string, number>();
  const texts: string[] = [];
  for (const diagnostic of inOrder(diagnostics)) {
    const count = (shown.get(diagnostic.code) ?? 0) + 1;
    shown.set(diagnostic.code, count);
    if (diagnostic.severity === "error" || count <= mostAlike)
      texts.push(renderDiagnostic(diagnostic, documents, look));
  }
  for (const [code, count] of shown) {
    const severity = diagnostics.find((d) => d.code === code)?.severity ?? "info";
    if (severity !== "error" && count > mostAlike)
      texts.push(`... and ${count - mostAlike} more ${severity}[${code}]\n`);
  }
  return texts.join("\n");
}

/** By document and place, so that the order does not depend on the compiler's internals. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const number = (d: Diagnostic): number => d.origin?.document ?? -1;
  return [...diagnostics].sort((a, b) => ranks[b.severity] - ranks[a.severity] || number(a) - number(b));
}

export function summarizeDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity): number => diagnostics.filter((d) => d.severity === severity).length;
  const plural = (n: number, word: string): string[] => (n === 0 ? [] : [`${n} ${word}${n === 1 ? "" : "s"}`]);
  return [...plural(count("error"), "error"), ...plural(count("warning"), "warning")].join(", ");
}

function renderDiagnostic(
  diagnostic: Diagnostic,
  documents: readonly SourceDocument[],
  { paint, columns }: DiagnosticLook,
): string {
  const { severity, code, message, object, origin, hint } = diagnostic;
  const [first = "", ...more] = wrapWords(`${severity}[${code}]: ${message}`, columns);
  const label = `${severity}[${code}]`;
  const head = [
    `${paint(styles[severity], label)}${first.startsWith(label) ? `:${paint("bold", first.slice(label.length + 1))}` : ""}`,
    ...more.map((line) => paint("bold", `  ${line}`)),
  ];
  const location = find(origin, diagnostic.caret, documents);
  const margin = location === undefined ? "   " : " ".repeat(String(location.line).length + 1);
  const lines = [...head, ...renderLocation(location, fileOf(origin, documents), margin, { paint, columns })];
  const note = (text: string, start = ""): void => {
    const [words = "", ...rest] = wrapWords(text, columns - margin.length - 2 - displayWidth(start));
    lines.push(`${margin}= ${start === "" ? "" : `${paint("cyan", start.slice(0, -2))}: `}${words}`);
    for (const line of rest) lines.push(`${margin}${" ".repeat(2 + start.length)}${line}`);
  };
  const subject = [object, diagnostic.field].filter((part) => part !== undefined).join(", ");
  if (subject !== "") note(`in ${subject}`);
  if (diagnostic.nodes !== undefined) note(describeNodes(diagnostic.nodes));
  for (const related of diagnostic.related) {
    const there = find(related.origin, "value", documents);
    note(`${related.message}${there === undefined ? "" : ` at ${position(there)}`}`);
  }
  if (hint !== undefined) note(escapeControls(hint), "hint: ");
  return `${lines.join("\n")}\n`;
}

const mostNodes = 5;

/** `on 3 nodes: a, b, c` */
export function describeNodes(nodes: readonly string[]): string {
  const names = nodes.slice(0, mostNodes).map(escapeControls).join(", ");
  const rest = nodes.length > mostNodes ? ` and ${nodes.length - mostNodes} more` : "";
  return `on ${nodes.length === 1 ? "node" : `${nodes.length} nodes:`} ${names}${rest}`;
}

function find(
  origin: Origin | undefined,
  caret: "key" | "value",
  documents: readonly SourceDocument[],
): Location | undefined {
  const document = origin === undefined ? undefined : documents[origin.document];
  return document === undefined || origin === undefined ? undefined : locate(document, origin.path, caret);
}

function position({ file, line, column }: Location): string {
  return escapeControls(`${file}:${line}:${column}`);
}

function fileOf(origin: Origin | undefined, documents: readonly SourceDocument[]): string | undefined {
  return origin === undefined ? undefined : documents[origin.document]?.source.name;
}

function renderLocation(
  location: Location | undefined,
  file: string | undefined,
  margin: string,
  { paint, columns }: DiagnosticLook,
): readonly string[] {
  if (location === undefined) {
    return file === undefined ? [] : [`  --> ${escapeControls(file)}`];
  }
  const { text, start, length } = excerpt(location, Math.max(20, Math.min(widest, columns - margin.length - 2)));
  const carets = paint("yellow", "^".repeat(length));
  return [
    `${margin.slice(1)}--> ${position(location)}`,
    `${margin}|`,
    `${location.line} | ${text}`,
    `${margin}| ${" ".repeat(start)}${carets}`,
  ];
}

const widest = 100;

/** The part of a long line around the caret, as wide as a terminal, with control characters made visible. */
function excerpt(
  { text, column, length }: Location,
  width: number,
): {
  readonly text: string;
  readonly start: number;
  readonly length: number;
} {
  const from = column + Math.min(length, width / 3) > width ? Math.max(0, column - Math.floor(width / 3)) : 0;
  const part = text.slice(from, from + width - (from > 0 ? 3 : 0));
  const before = escapeControls(part.slice(0, column - 1 - from).replaceAll("\t", " "));
  const meant = escapeControls(part.slice(column - 1 - from, column - 1 - from + length).replaceAll("\t", " "));
  const after = escapeControls(part.slice(column - 1 - from + length).replaceAll("\t", " "));
  const start = displayWidth(before) + (from > 0 ? 3 : 0);
  return { text: `${from > 0 ? "..." : ""}${before}${meant}${after}`, start, length: Math.max(1, displayWidth(meant)) };
}

/** How diagnostics are printed: the width of the terminal, or Infinity where the reader may be a program. */
export interface DiagnosticLook {
  readonly paint: Paint;
  readonly columns: number;
}

export type Paint = (style: "red" | "yellow" | "green" | "cyan" | "bold" | "dim", text: string) => string;
