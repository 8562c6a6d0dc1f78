import { printableXml } from "../../diagnostics/printable.ts";
import { type CheckReport, type Finding, fullMessage, isAtLeast, leftOutSentence } from "./report.ts";

/** `-o junit`: a test case for each code and object; those at or above --fail-on have failed. */
export function printJunit(report: CheckReport): string {
  const { findings, failOn } = report;
  const cases = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { code, object = finding.file ?? "the input" } = finding.diagnostic;
    const key = JSON.stringify([code, object]);
    const known = cases.get(key);
    if (known === undefined) cases.set(key, [finding]);
    else known.push(finding);
  }
  const isFailed = (list: readonly Finding[]): boolean =>
    list.some(({ diagnostic }) => isAtLeast(diagnostic.severity, failOn));
  const failures = [...cases.values()].filter(isFailed).length;
  const counts = `tests="${Math.max(1, cases.size)}" failures="${failures}" errors="0" skipped="0"`;
  const body =
    cases.size === 0
      ? '    <testcase classname="portolan.check" name="no findings"/>\n'
      : [...cases].map(([key, list]) => printCase(JSON.parse(key) as [string, string], list, isFailed(list))).join("");
  const leftOut = leftOutSentence(report);
  const note =
    leftOut === undefined
      ? ""
      : `    <properties>\n      <property name="notShown" value="${escapeXml(leftOut)}"/>\n    </properties>\n`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="portolan check" ${counts}>\n` +
    `  <testsuite name="portolan check" ${counts}>\n${note}${body}  </testsuite>\n</testsuites>\n`
  );
}

function printCase([code, object]: readonly [string, string], list: readonly Finding[], isFailed: boolean): string {
  const [first] = list;
  const place = first?.location;
  const where = place === undefined ? "" : ` file="${escapeXml(place.file)}" line="${place.line}"`;
  const text = list.map(describe).join("\n");
  const message = first === undefined ? "" : fullMessage(first.diagnostic);
  const inner = isFailed
    ? `<failure type="${first?.diagnostic.severity}" message="${escapeXml(message)}">${escapeXml(text)}</failure>`
    : `<system-out>${escapeXml(text)}</system-out>`;
  const start = `    <testcase classname="portolan.check.${code}" name="${escapeXml(`${code}: ${object}`)}"${where}>`;
  return `${start}\n      ${inner}\n    </testcase>\n`;
}

function describe({ diagnostic, file, location }: Finding): string {
  const { severity, code, field, hint } = diagnostic;
  const place = location === undefined ? file : `${location.file}:${location.line}:${location.column}`;
  const parts = [`${severity}[${code}]: ${fullMessage(diagnostic)}`, place, field, hint && `hint: ${hint}`];
  return parts.filter((part) => part !== undefined).join("\n  ");
}

function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return printableXml(text.replace(/[&<>"]/g, (char) => entities[char] ?? char));
}
