import { findingLevels } from "../migrate/finding.ts";
import { proxyModes } from "../model/proxy-configuration/proxy-configuration.ts";
import { count, names, record, text } from "./schema-parts.ts";

/** JSON Schema of what `portolan migrate` prints as JSON: made by `report/migrate/json.ts`. */
export const migrateSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan Migration",
  description: "What changes for a cluster when kube-proxy goes over to another mode.",
  ...record({
    apiVersion: { const: "portolan/v1alpha1" },
    kind: { const: "Migration" },
    name: text("The state: a file or a cluster."),
    from: { enum: proxyModes },
    to: { enum: proxyModes },
    nodes: names("Every node compared, in order of name."),
    notShown: {
      oneOf: [{ $ref: "#/$defs/notShown" }, { type: "null" }],
      description: "What -n, -l and --service leave out of the document; null without these options.",
    },
    findings: { type: "array", items: { $ref: "#/$defs/finding" }, description: "Worst first." },
    configuration: {
      ...changes(),
      description: "The fields of the configuration to set. They are the same whatever Services are shown.",
    },
    proxyConfiguration: { type: "object", description: "The whole KubeProxyConfiguration to use." },
    unchanged: names("What stays as it is: a sentence each."),
    assumptions: names("Assumptions and limits of the model: a sentence each."),
  }),
  $defs: {
    notShown: record({
      filter: text("The options, as on a command line."),
      findings: count("Findings that concern other Services."),
      services: count("The number of these Services."),
    }),
    finding: record({
      code: text("As portolan explain takes it."),
      level: { enum: findingLevels },
      message: text("What changes, one sentence."),
      hint: { type: ["string", "null"], description: "What to do; null if there is nothing to do." },
      details: names("Addresses, names of rules and other things that it concerns."),
      services: names("Service ports, as shop/web:http, or Services; empty if it concerns none in particular."),
      nodes: names("The nodes with this change."),
      example: {
        oneOf: [{ $ref: "#/$defs/example" }, { type: "null" }],
        description: "null where packets do not show it.",
      },
      configuration: { ...changes(), description: "Fields of the configuration that keep things as they are." },
      isSolvedByConfiguration: {
        type: "boolean",
        description: "Whether it is gone with the configuration to use.",
      },
    }),
    example: record(
      {
        from: text("An address of the class of sources."),
        fromClass: text("The class of sources, in words."),
        entry: { enum: ["outside", "pod", "node"] },
        to: text("Address and port."),
        protocol: { type: "string" },
        was: text("Where the packet went."),
        now: text("Where it goes."),
        node: text("The node that the packet reaches or leaves."),
      },
      { service: text("The service port, as shop/web:http; left out where it belongs to none.") },
    ),
    change: record({
      path: names("The field, as [nftables, masqueradeAll]."),
      value: { type: ["string", "boolean", "array"], items: { type: "string" } },
    }),
  },
} as const;

function changes(): object {
  return { type: "array", items: { $ref: "#/$defs/change" } };
}
