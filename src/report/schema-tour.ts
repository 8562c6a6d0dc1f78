import { count, names, record, text } from "./schema-parts.ts";

const share = { type: "number", minimum: 0, maximum: 1, description: "The fraction of the packets." };

const client = record(
  {
    kind: { enum: ["pods", "outside", "allowed", "others"] },
    address: text("The address that stands for these clients."),
  },
  { ranges: names("Of allowed: loadBalancerSourceRanges. Others are all other clients.") },
);

const outcome = record(
  { verdict: { enum: ["delivered", "rejected", "dropped", "untouched", "unknown"] }, share },
  {
    destination: text("ADDRESS:PORT of a delivered packet."),
    sees: { enum: ["client", "node"], description: "Whose address the pod sees as source." },
    affinitySeconds: count("How long a client stays at this endpoint."),
  },
);

const answer = record({
  nodes: names("The nodes where this is so."),
  asked: text("The node whose rules packets were followed through."),
  client,
  outcomes: { type: "array", items: outcome },
  isLocal: { type: "boolean", description: "The endpoints are those of each node, and other nodes have more." },
});

const door = record({
  kind: { enum: ["cluster IP", "node port", "external IP", "load balancer IP"] },
  address: { type: ["string", "null"], description: "Null for a node port: the addresses of each node." },
  port: count("The port of the address."),
  answers: { type: "array", items: answer },
});

const finding = record(
  {
    severity: { enum: ["error", "warning", "info"] },
    code: text("portolan explain CODE describes it."),
    message: text("What is wrong."),
  },
  { file: text("The file of the state."), line: count("From 1."), column: count("From 1.") },
);

const findings = { type: "array", items: finding };

const service = record(
  {
    service: text("shop/web"),
    type: { enum: ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] },
    ports: {
      type: "array",
      items: record({
        name: text("shop/web:http"),
        protocol: { enum: ["TCP", "UDP", "SCTP"] },
        port: count("The port of the Service."),
        doors: { type: "array", items: door },
      }),
    },
    endpoints: {
      type: "array",
      items: record(
        {
          address: text("The address of the endpoint."),
          ports: { type: "array", items: count("A port.") },
          state: { enum: ["ready", "not ready", "terminating"] },
        },
        { pod: text("shop/web-1"), node: text("The node of the endpoint.") },
      ),
    },
    findings,
  },
  {
    noRules: text("Why kube-proxy makes no rules for it."),
    rules: {
      type: "array",
      items: record({ file: text("iptables.restore"), line: count("From 1."), text: text("The line.") }),
      description: "Only with --rules.",
    },
  },
);

/** JSON Schema of the output of `portolan tour -o json`. */
export const tourSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan tour",
  description: "What each Service of a state does: its addresses, its clients, where their packets end.",
  ...record({
    apiVersion: { const: "portolan/v1alpha1" },
    kind: { const: "Tour" },
    mode: { enum: ["iptables", "ipvs", "nftables"] },
    nodes: names("The nodes that answers are given for."),
    simulated: count("Objects that are simulated, completely or in part."),
    services: { type: "array", items: service },
    findings: { ...findings, description: "Findings of check that belong to no Service shown." },
  }),
} as const;
