import { printableJson } from "../../diagnostics/printable.ts";
import type { Finding } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";

/** The report as JSON. Unknown values are null. */
export function renderJson({ name, from, to, nodes, findings, configuration, assumptions }: Migration): string {
  const document = {
    apiVersion: "portolan/v1alpha1",
    kind: "Migration",
    name,
    from,
    to,
    nodes,
    findings: findings.map(findingDocument),
    configuration,
    assumptions,
  };
  return `${printableJson(document, 2)}\n`;
}

function findingDocument(finding: Finding): object {
  return { ...finding, hint: finding.hint ?? null, example: finding.example ?? null };
}
