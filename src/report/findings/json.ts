import { printableJson } from "../../diagnostics/printable.ts";
import { locate } from "../../model/documents/locate.ts";
import { notShownDocument } from "../words.ts";
import { type CheckReport, countFindings, type Finding } from "./report.ts";

/** `-o json`: kind CheckReport. */
export function printJson(report: CheckReport): string {
  const { findings, suppressed, known, notShown, subject, failOn } = report;
  const document = {
    apiVersion: "portolan/v1alpha1",
    kind: "CheckReport",
    ...subject,
    failOn,
    summary: { ...countFindings(findings), suppressed, baseline: known },
    ...(notShown === undefined ? {} : { notShown: notShownDocument(notShown, "findings") }),
    findings: findings.map((finding) => findingDocument(finding, report)),
  };
  return `${printableJson(document, 2)}\n`;
}

function findingDocument({ diagnostic, file, location }: Finding, { documents }: CheckReport): object {
  const { code, severity, message, object, field, hint, nodes, services, related } = diagnostic;
  return {
    code,
    severity,
    message,
    object,
    field,
    file,
    line: location?.line,
    column: location?.column,
    hint,
    nodes,
    services,
    related: related.map((place) => {
      const document = documents[place.origin.document];
      const there = document && locate(document, place.origin.path, "value");
      return { message: place.message, file: document?.source.name, line: there?.line, column: there?.column };
    }),
  };
}
