import type { Drift } from "../check/verify.ts";
import { escapeControls } from "../diagnostics/printable.ts";
import type { NotShown } from "../filter/narrowing.ts";
import type { Paint } from "./diagnostics.ts";
import { notShownSentence } from "./words.ts";

/** What differs on a host, whom it concerns, and how much that is. */
export function renderVerify(
  {
    node,
    findings,
    notShown,
  }: { readonly node: string; readonly findings: readonly Drift[]; readonly notShown: NotShown | undefined },
  paint: Paint,
): string {
  const count = findings.filter(({ isDrift }) => isDrift).length;
  const texts = findings.map((finding) => `${renderFinding(finding, paint)}\n`);
  return texts.join("") + renderSummary(count, node, notShown);
}

function renderSummary(count: number, node: string, notShown: NotShown | undefined): string {
  const summary = count === 0 ? "no drift" : `${count} ${count === 1 ? "difference" : "differences"}`;
  const isPart = notShown !== undefined && notShown.count > 0;
  const left = notShown === undefined ? "" : `${escapeControls(notShownSentence(notShown, "finding"))}.\n`;
  return `Node ${escapeControls(node)}: ${summary}${isPart ? " for the Services shown" : ""}.\n${left}`;
}

const mostLines = 5;

function renderFinding({ kind, service, where, lines, isDrift }: Drift, paint: Paint): string {
  const shown = lines.slice(0, mostLines).map((line) => `    ${escapeControls(line)}\n`);
  if (lines.length > mostLines) shown.push(`    ... ${lines.length - mostLines} more\n`);
  const label = isDrift ? paint("red", kind) : paint("dim", `note: ${kind}`);
  return `${label}: ${escapeControls(where)}\n  concerns ${escapeControls(service)}\n${shown.join("")}`;
}
