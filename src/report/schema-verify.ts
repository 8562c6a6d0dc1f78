import { count, listOf, names, narrowed, notShown, record, text } from "./schema-parts.ts";

/** JSON Schema of `portolan verify -o json`: made by `cli/commands/verify.ts` from `check/drift.ts`. */
export const verifySchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan VerifyReport",
  description: "How a host differs from its desired rules.",
  ...record(
    {
      apiVersion: { const: "portolan/v1alpha1" },
      kind: { const: "VerifyReport" },
      node: text("The node."),
      mode: text("The mode of kube-proxy."),
      drift: { type: "boolean", description: "Whether a finding is drift." },
      findings: listOf("finding"),
    },
    { notShown: narrowed("findings") },
  ),
  $defs: {
    notShown: notShown("findings"),
    finding: record(
      {
        kind: { enum: ["missing", "extra", "changed", "reordered", "foreign-rules-first", "other-rules"] },
        what: text("The difference in a sentence."),
        service: text("The service port, or the shared base chains."),
        where: text("Table and chain, set or server."),
        lines: names("- RULE is missing, + RULE is extra."),
        isDrift: { type: "boolean", description: "False of what is reported and is no drift." },
      },
      {
        chain: record({
          family: { enum: ["ipv4", "ipv6"] },
          table: text("The table."),
          name: text("The chain."),
          rules: count("The number of its rules as it should be."),
        }),
        traffic: listOf("traffic"),
      },
    ),
    traffic: record({
      destinations: names("Addresses with port, and node ports."),
      services: names("The service ports of these."),
      from: names("Classes of sources."),
      effect: text("What happens to the connections."),
      isHidden: { type: "boolean", description: "Other differences hide it." },
      isComplete: { type: "boolean", description: "False where further destinations may be affected alike." },
      sentence: text("The same in a sentence."),
    }),
  },
} as const;
