import type { Severity } from "../../diagnostics/diagnostic.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { repositoryPath } from "../about.ts";
import { type CheckReport, type Finding, fullMessage, leftOutSentence, summarizeReport } from "./report.ts";

/** GitHub shows only this many annotations of one level per step. */
const mostAnnotations = 10;

const commands: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

/** `-o github`: workflow commands for the ten worst findings, and a line that counts all. */
export function printGithub(report: CheckReport): string {
  const shown = report.findings.slice(0, mostAnnotations).map(printAnnotation);
  const more = report.findings.length - shown.length;
  const rest = more > 0 ? ` ${more} more have no annotation.` : "";
  const leftOut = leftOutSentence(report);
  const besides = leftOut === undefined ? "" : ` ${escapeControls(leftOut)}.`;
  return `${shown.join("")}portolan check: ${summarizeReport(report)}${rest}${besides}\n`;
}

function printAnnotation({ diagnostic, file, location }: Finding): string {
  const { severity, code, object, hint } = diagnostic;
  const path = location?.file ?? file;
  const properties = [
    ["file", path === undefined ? undefined : repositoryPath(path)],
    ["line", location?.line],
    ["col", location?.column],
    ["title", object === undefined ? code : `${code}: ${object}`],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${escapeProperty(String(value))}`]));
  const text = hint === undefined ? fullMessage(diagnostic) : `${fullMessage(diagnostic)}\nhint: ${hint}`;
  return `::${commands[severity]} ${properties.join(",")}::${escapeText(text)}\n`;
}

function escapeText(text: string): string {
  const lines = text.replaceAll("%", "%25").split("\n");
  return lines.map(escapeControls).join("%0A");
}

function escapeProperty(text: string): string {
  return escapeText(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
