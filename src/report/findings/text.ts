import { escapeControls } from "../../diagnostics/printable.ts";
import { type Paint, renderDiagnostics } from "../diagnostics.ts";
import { type CheckReport, leftOutSentence, summarizeReport } from "./report.ts";

/** `-o text`: each finding as diagnostics are shown, the worst last, and a line that counts them. */
export function printText(report: CheckReport, paint: Paint): string {
  const { findings, documents, subject } = report;
  const text = renderDiagnostics(
    findings.map(({ diagnostic }) => diagnostic),
    documents,
    paint,
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
