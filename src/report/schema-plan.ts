import { kubeProxyVersions } from "../model/proxy-configuration/kube-proxy-version.ts";
import { proxyModes } from "../model/proxy-configuration/proxy-configuration.ts";
import type { Schema } from "./check-schema.ts";

const count = { type: "integer", minimum: 0 } as const;
const port = { type: "integer", minimum: 0, maximum: 65_535 } as const;
const digest = "^[0-9a-f]{64}$";

/**
 * JSON Schema of what `portolan plan --out` writes, and of `plan -o json` without -n, -l and --service. `apply FILE`
 * refuses everything else.
 */
export const planSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan Plan",
  description:
    "The state a node is to reach, the host state that was read, and the steps between them. apply computes the steps " +
    "again and refuses a file that shows others.",
  ...record({
    apiVersion: { const: "portolan/v1alpha1" },
    kind: { const: "Plan" },
    version: text("The Portolan that wrote the plan; no other applies it."),
    node: text("The node's name as kube-proxy knows it."),
    mode: { enum: proxyModes },
    options: record({
      node: optional(text("--node; null: the only Node of the state.")),
      mode: { enum: [...proxyModes, null], description: "--mode; null: that of the state's configuration." },
      kubeProxyVersion: { enum: [...kubeProxyVersions, null], description: "--kube-proxy-version; null: the default." },
      family: { enum: ["ipv4", "ipv6", "dual", null], description: "--family; null: the families that are in use." },
      serviceNodePortRange: optional(record({ first: port, last: port })),
    }),
    state: {
      ...record({
        apiVersion: { const: "v1" },
        kind: { const: "List" },
        items: {
          type: "array",
          items: { type: "object" },
          description: "The objects, each with the fields that are read.",
        },
      }),
      description: "The cluster state that the rules are compiled from, as portolan snapshot prints it.",
    },
    fingerprint: {
      type: "string",
      pattern: digest,
      description: "SHA-256 of the host state that was read. On any other the plan is stale.",
    },
    flows: {
      type: "array",
      items: record({
        source: address("The client's."),
        destination: address("That of the Service."),
        sourcePort: port,
        destinationPort: port,
        replySource: address("That of the removed endpoint."),
        replySourcePort: port,
      }),
      description: "UDP connections to removed endpoints, whose conntrack entries are deleted.",
    },
    changes: {
      type: "array",
      items: record({
        service: text("namespace/name:port, or what is shared by all Services."),
        kind: { enum: ["add", "change", "remove"] },
        counts: { type: "array", items: record({ what: text("What is counted."), added: count, removed: count }) },
        lines: { type: "array", items: { type: "string" } },
      }),
      description: "What the steps change, by service port.",
    },
    steps: {
      type: "array",
      items: record(
        {
          purpose: { type: "string" },
          argv: { type: "array", items: { type: "string" } },
          stdin: { type: "string" },
        },
        { mayFail: { const: true } },
      ),
      description: "The steps, for people to read. What runs is computed again, and must be the same.",
    },
    digest: { type: "string", pattern: digest, description: "SHA-256 of the rest: detects accidental edits." },
  }),
} satisfies Schema & { readonly $schema: string; readonly title: string };

/** An object with exactly these fields. */
function record(
  required: Readonly<Record<string, Schema>>,
  extra: Readonly<Record<string, Schema>> = {},
): Schema & { readonly type: "object" } {
  const properties = { ...required, ...extra };
  return { type: "object", properties, required: Object.keys(required), additionalProperties: false };
}

function text(description: string): Schema {
  return { type: "string", description };
}

function address(description: string): Schema {
  return { type: "string", pattern: "^[0-9a-f.:]+$", description };
}

function optional(schema: Schema): Schema {
  return { oneOf: [schema, { const: null }] };
}
