import { printableJson } from "../../diagnostics/printable.ts";
import type { Finding } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";
import { notShownDocument } from "../words.ts";

/** The report as JSON. Unknown values are null. */
export function renderJson(migration: Migration): string {
  const { name, from, to, nodes, findings, notShown, configuration, proxyConfiguration, unchanged, assumptions } =
    migration;
  const document = {
    apiVersion: "portolan/v1alpha1",
    kind: "Migration",
    name,
    from,
    to,
    nodes,
    notShown: notShown === undefined ? null : notShownDocument(notShown, "findings"),
    findings: findings.map(findingDocument),
    configuration,
    proxyConfiguration,
    unchanged,
    assumptions,
  };
  return `${printableJson(document, 2)}\n`;
}

function findingDocument(finding: Finding): object {
  return { ...finding, hint: finding.hint ?? null, example: finding.example ?? null };
}
