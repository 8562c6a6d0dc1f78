import { listOf, names, place, record, text } from "./schema-parts.ts";

/** JSON Schema of `portolan compile -o json`: made by `report/script.ts`. */
export const compileSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan Script",
  description: "The steps that program a host; with --all-nodes, a list of scripts.",
  oneOf: [{ $ref: "#/$defs/script" }, { $ref: "#/$defs/scripts" }],
  $defs: {
    scripts: record({
      apiVersion: { const: "portolan/v1alpha1" },
      kind: { const: "ScriptList" },
      items: listOf("script"),
    }),
    script: record({
      apiVersion: { const: "portolan/v1alpha1" },
      kind: { const: "Script" },
      node: text("The node."),
      mode: text("The mode of kube-proxy."),
      steps: listOf("step"),
    }),
    step: record(
      {
        purpose: text("What the step does."),
        argv: names("The command and its arguments."),
        stdin: text("The input of the command."),
      },
      {
        file: text("The file of --out-dir with this input."),
        rules: listOf("rule"),
      },
    ),
    rule: record(
      { line: place(), text: text("The line of stdin."), object: text("The object that it comes from.") },
      { field: text("The field that it comes from."), file: text("The file that has the object.") },
    ),
  },
} as const;
