import { proxyModes } from "../model/proxy-configuration/proxy-configuration.ts";
import { count, names, record, text } from "./schema-parts.ts";

/** JSON Schema of what `portolan diff` prints as JSON: made by `report/diff/json.ts`. */
export const diffSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan Diff",
  description: "How a change of manifests, or of a node's rules, affects traffic.",
  ...record({
    apiVersion: { const: "portolan/v1alpha1" },
    kind: { const: "Diff" },
    base: { $ref: "#/$defs/side" },
    head: { $ref: "#/$defs/side" },
    nodes: { ...names("Every node compared, in order of name.") },
    summary: record({
      services: count("Services of which a service port treats some packet differently."),
      servicePorts: count("Service ports that treat some packet differently."),
      addresses: count("Addresses of no Service that treat some packet differently."),
      nodes: count("Nodes with such a change."),
    }),
    notShown: {
      oneOf: [{ $ref: "#/$defs/notShown" }, { type: "null" }],
      description: "What -n, -l and --service leave out of the document; null without these options.",
    },
    changes: {
      description: "Worst first; within a severity by service, then by address.",
      type: "array",
      items: { $ref: "#/$defs/change" },
    },
    changedFields: {
      description: "Fields of the input that changed, of Services in changes, their slices and workloads.",
      type: "array",
      items: { $ref: "#/$defs/fieldChange" },
    },
    rules: record({
      ...ruleCounts("on all nodes together"),
      byNode: { type: "array", items: { $ref: "#/$defs/nodeRules" } },
    }),
    assumptions: names("Assumptions and limits of the model: a sentence each."),
  }),
  $defs: {
    side: record({
      name: text("The file, git revision or dump."),
      mode: { enum: [...proxyModes, null], description: "null if a dump does not show it." },
    }),
    notShown: record({
      filter: text("The options, as on a command line."),
      changes: count("Changes of other Services."),
      services: count("The number of these Services."),
      rules: count("Rules, entries and virtual servers of other Services that differ, on all nodes together."),
    }),
    change: changeRecord(),
    fieldChange: record({
      service: text("namespace/name."),
      object: text("Kind and name of the object that has the field."),
      field: text("The path of the field."),
      was: { type: ["string", "null"], description: "null if base does not have it." },
      now: { type: ["string", "null"], description: "null if head does not have it." },
      source: { oneOf: [{ $ref: "#/$defs/place" }, { type: "null" }], description: "Where in the manifests." },
    }),
    endpoint: record({
      target: text("Address and port."),
      pod: { type: ["string", "null"] },
      node: { type: ["string", "null"] },
    }),
    classOutcome: record({
      from: text("The class of sources, in words."),
      outcomes: { type: "array", items: { $ref: "#/$defs/outcome" } },
    }),
    outcome: outcomeRecord(),
    place: record({
      file: { type: "string" },
      line: { type: "integer", minimum: 1 },
      column: { type: "integer", minimum: 1 },
    }),
    pathRule: record({
      where: text("Table and chain, or ipvs."),
      text: text("As the tool spells it."),
      differs: { type: "boolean", description: "The other side does not have this rule." },
    }),
    ruleLine: record({ sign: { enum: ["-", "+"] }, text: { type: "string" } }),
    nodeRules: record({
      nodes: names("Nodes whose rules change alike."),
      ...ruleCounts("on each of these nodes"),
      chains: { type: "array", items: { $ref: "#/$defs/chain" } },
    }),
    chain: record({
      where: text("Table and chain, the set, or ipvs."),
      kind: { enum: ["added", "changed", "removed", "moved", "renamed"] },
      renamedTo: { type: ["string", "null"], description: "Of a renamed chain: its name in head." },
      lines: { type: "array", items: { $ref: "#/$defs/ruleLine" } },
    }),
  },
} as const;

function changeRecord(): object {
  const endpoints = { type: "array", items: { $ref: "#/$defs/endpoint" } };
  const path = { type: "array", items: { $ref: "#/$defs/pathRule" } };
  const classes = { type: "array", items: { $ref: "#/$defs/classOutcome" } };
  return record({
    service: {
      type: ["string", "null"],
      description: "namespace/name:port; null if the address belongs to no Service.",
    },
    port: { type: ["integer", "null"], minimum: 0, maximum: 65535 },
    protocol: { type: ["string", "null"] },
    vip: text("The destination: an address with port and protocol, or a node port."),
    kind: { enum: ["added", "changed", "removed"] },
    severity: {
      enum: ["access-widened", "access-lost", "source-address", "load-distribution", "affinity", "cosmetic"],
      description: "Worst first. cosmetic: no packet is treated differently.",
    },
    node: { type: ["string", "null"], description: "The first entry of nodes." },
    nodes: names("The nodes with this change."),
    headline: text("What changes, one short phrase."),
    details: { type: "array", items: { type: "string" } },
    endpoints: record({ added: endpoints, removed: endpoints }),
    before: { ...classes, description: "By class of sources; empty if nothing answers." },
    after: { ...classes, description: "By class of sources; empty if nothing answers." },
    examplePacket: record({
      from: text("An address of the class of sources."),
      fromClass: text("The class of sources, in words."),
      entry: { enum: ["outside", "pod", "node"] },
      to: text("Address and port."),
      protocol: { type: "string" },
      was: text("Where the packet went."),
      now: text("Where it goes."),
    }),
    source: { oneOf: [{ $ref: "#/$defs/place" }, { type: "null" }], description: "Where in the manifests." },
    examplePath: {
      ...record({ before: path, after: path }),
      description: "The rules that the example packet may meet on each side, in order: at most twelve.",
    },
  });
}

function outcomeRecord(): object {
  return record({
    verdict: { enum: ["delivered", "rejected", "dropped", "untouched", "unknown"] },
    destination: { type: ["string", "null"] },
    share: { type: "number", minimum: 0, maximum: 1 },
    exact: text("The share as a fraction."),
    masquerade: { type: "boolean" },
    affinity: {
      type: ["number", "null"],
      description: "Timeout of session affinity in seconds; null without affinity.",
    },
    assuming: names("Matches that Portolan cannot evaluate and on which this outcome depends."),
  });
}

function ruleCounts(where: string): Readonly<Record<string, object>> {
  return {
    added: count(`Rules added, ${where}.`),
    changed: count(`Rules changed, ${where}.`),
    removed: count(`Rules removed, ${where}.`),
    moved: count(`Lines in another place or format, ${where}.`),
  };
}
