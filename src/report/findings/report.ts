import { type Baseline, type FindingKey, isKnown } from "../../check/baseline.ts";
import { isSuppressedByAnnotation } from "../../check/suppress.ts";
import type { Diagnostic, Severity } from "../../diagnostics/diagnostic.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import type { NotShown } from "../../filter/narrowing.ts";
import { type Location, locate } from "../../model/documents/locate.ts";
import type { SourceDocument } from "../../model/documents/source.ts";
import { type DiagnosticLook, describeNodes, renderDiagnostics } from "../diagnostics.ts";
import { notShownSentence } from "../words.ts";

/** A finding with the place of its origin. */
export interface Finding {
  readonly diagnostic: Diagnostic;
  readonly file: string | undefined;
  readonly location: Location | undefined;
  readonly key: FindingKey;
}

/** The result of a `check` run, worst first. */
export interface CheckReport {
  readonly findings: readonly Finding[];
  readonly documents: readonly SourceDocument[];
  /** Left out by --suppress or by annotations. */
  readonly suppressed: number;
  /** Left out because the baseline has them. */
  readonly known: number;
  /** Findings of Services that are not selected. */
  readonly notShown?: NotShown | undefined;
  readonly failOn: FailOn;
  readonly subject: { readonly mode?: string; readonly nodes?: readonly string[] };
}

export type FailOn = Severity | "never";

const ranks: Readonly<Record<FailOn, number>> = { never: -1, error: 0, warning: 1, info: 2 };

export function isAtLeast(severity: Severity, failOn: FailOn): boolean {
  return ranks[severity] <= ranks[failOn];
}

export interface Filter {
  readonly suppress: readonly string[];
  readonly baseline: Baseline;
}

/** Removes suppressed and known findings, resolves the places of the rest and sorts the worst first. */
export function createReport(
  diagnostics: readonly Diagnostic[],
  documents: readonly SourceDocument[],
  { suppress, baseline }: Filter,
): Pick<CheckReport, "findings" | "documents" | "suppressed" | "known"> {
  const values = documents.map(({ value }) => value);
  const wanted = diagnostics.filter(
    (diagnostic) => !suppress.includes(diagnostic.code) && !isSuppressedByAnnotation(diagnostic, values),
  );
  const all = wanted.map((diagnostic) => locateFinding(diagnostic, documents));
  const findings = all.filter(({ key }) => !isKnown(baseline, key)).sort(compareFindings);
  const suppressed = diagnostics.length - wanted.length;
  return { findings, documents, suppressed, known: all.length - findings.length };
}

function locateFinding(diagnostic: Diagnostic, documents: readonly SourceDocument[]): Finding {
  const { code, origin, object = "", field = "" } = diagnostic;
  const document = origin && documents[origin.document];
  const location = document && origin && locate(document, origin.path, diagnostic.caret);
  const line = document?.form.kind === "lines" ? location?.text.trim().replace(/^\[\d+:\d+\] /, "") : undefined;
  const file = document?.source.name;
  return {
    diagnostic,
    file,
    location,
    key: { code, object: object || (line === undefined ? (file ?? "") : ""), field: line ?? field },
  };
}

function compareFindings(a: Finding, b: Finding): number {
  const number = ({ diagnostic }: Finding): number => diagnostic.origin?.document ?? -1;
  const line = ({ location }: Finding): number => location?.line ?? 0;
  return ranks[a.diagnostic.severity] - ranks[b.diagnostic.severity] || number(a) - number(b) || line(a) - line(b);
}

/** The message and its nodes, for formats with one line per finding. */
export function fullMessage({ message, nodes }: Diagnostic): string {
  return nodes === undefined ? message : `${message} (${describeNodes(nodes)})`;
}

export function countFindings(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity): number =>
    findings.filter(({ diagnostic }) => diagnostic.severity === severity).length;
  return { error: count("error"), warning: count("warning"), info: count("info") };
}

/** `2 errors, 1 warning; 3 suppressed, 4 in the baseline` */
export function summarizeReport({ findings, suppressed, known, notShown }: CheckReport): string {
  const { error, warning, info } = countFindings(findings);
  const plural = (n: number, one: string, several: string): string[] =>
    n === 0 ? [] : [`${n} ${n === 1 ? one : several}`];
  const found = [
    ...plural(error, "error", "errors"),
    ...plural(warning, "warning", "warnings"),
    ...plural(info, "info", "info"),
  ];
  const left = [
    ...plural(suppressed, "suppressed", "suppressed"),
    ...plural(known, "in the baseline", "in the baseline"),
  ];
  const ending = left.length === 0 ? "" : `; ${left.join(", ")}`;
  const none = notShown === undefined || notShown.count === 0 ? "No findings" : "No findings for the Services shown";
  return `${found.length === 0 ? none : found.join(", ")}${ending}.`;
}

/** `3 findings of 2 other Services are not shown (-n shop)`; undefined of a whole report. */
export function leftOutSentence({ notShown }: CheckReport): string | undefined {
  return notShown && notShownSentence(notShown, "finding");
}

/** `-o text`: each finding as diagnostics are shown, the worst last, and a line that counts them. */
export function printText(report: CheckReport, look: DiagnosticLook): string {
  const { findings, documents, subject } = report;
  const text = renderDiagnostics(
    findings.map(({ diagnostic }) => diagnostic),
    documents,
    look,
  );
  const { mode, nodes } = subject;
  const of = mode === undefined ? "" : ` Mode ${mode}, ${countNodes(nodes?.length ?? 0)}.`;
  const leftOut = leftOutSentence(report);
  const below = leftOut === undefined ? "" : `${escapeControls(leftOut)}.\n`;
  return `${text}${text === "" ? "" : "\n"}${summarizeReport(report)}${of}\n${below}`;
}

function countNodes(count: number): string {
  return count === 0 ? "no nodes" : count === 1 ? "1 node" : `${count} nodes`;
}
