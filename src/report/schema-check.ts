import { count, listOf, names, narrowed, notShown, place, record, text } from "./schema-parts.ts";

const severity = { enum: ["error", "warning", "info"] };
const maybe = { file: text("The file."), line: place(), column: place() };

/** JSON Schema of `portolan check -o json`: made by `report/findings/json.ts`. */
export const checkReportSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan CheckReport",
  description: "Mistakes in cluster state or in the rules of a host.",
  ...record(
    {
      apiVersion: { const: "portolan/v1alpha1" },
      kind: { const: "CheckReport" },
      failOn: { enum: ["error", "warning", "info", "never"], description: "The level that makes the exit code 1." },
      summary: record({
        error: count("Findings with this severity."),
        warning: count("Findings with this severity."),
        info: count("Findings with this severity."),
        suppressed: count("Findings hidden by --suppress or an annotation."),
        baseline: count("Findings hidden by --baseline."),
      }),
      findings: listOf("finding"),
    },
    {
      mode: text("The mode of kube-proxy."),
      nodes: names("The nodes that were checked."),
      notShown: narrowed("findings"),
    },
  ),
  $defs: {
    notShown: notShown("findings"),
    finding: record(
      {
        code: text("The code of the diagnostic: portolan explain CODE describes it."),
        severity,
        message: text("What is wrong."),
        related: { type: "array", items: record({ message: text("What is there.") }, maybe) },
      },
      {
        object: text("Kind, namespace and name."),
        field: text("The path of the field."),
        ...maybe,
        hint: text("What to do."),
        nodes: names("The affected nodes, if these are not all."),
        services: names("The affected service ports."),
      },
    ),
  },
} as const;
