/** JSON Schema of what `portolan explain packet -o json` prints: a PacketExplanation of `explain/packet/`. */
export const packetSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan PacketExplanation",
  description: "Where one packet goes on one node, and by which rules. Fields that say nothing are left out.",
  ...record({
    apiVersion: { const: "portolan/v1alpha1" },
    kind: { const: "PacketExplanation" },
    node: text("The Node's name; of a dump without one, the file's."),
    mode: { enum: ["iptables", "ipvs", null], description: "null where a dump does not tell." },
    packet: { $ref: "#/$defs/packet" },
    outcomes: {
      description:
        "One for each way it may go. Of those without assumptions, and for any one answer to each assumption, shares " +
        "sum to one.",
      type: "array",
      items: { $ref: "#/$defs/outcome" },
    },
    assumptions: names("What was taken for granted: a sentence each."),
    limits: names("Where the model stops: a sentence each."),
  }),
  $defs: { packet: packetRecord(), outcome: outcomeRecord(), assumption: assumptionRecord(), hop: hopRecord() },
} as const;

function packetRecord(): object {
  const asked = {
    interface: text("The interface it comes in by, where that was said."),
    mark: { type: "integer", minimum: 0, maximum: 0xffffffff },
    fromName: text("Pod, node or internet, where it was asked by name."),
    service: text("namespace/name:port, where a Service was asked for."),
    remembered: text("The endpoint at which the node remembers the client."),
  };
  return record(
    {
      from: text("The source address."),
      to: text("Address and port."),
      protocol: { enum: ["tcp", "udp", "sctp"] },
      entry: { enum: ["outside", "pod", "node"], description: "How it comes to the node." },
      state: { enum: ["new", "established", "related", "invalid", "untracked"], description: "Of its connection." },
    },
    asked,
  );
}

function outcomeRecord(): object {
  return record(
    {
      share: { type: "number", minimum: 0, maximum: 1 },
      exact: text("The share as a fraction, such as 715827883/2147483648."),
      verdict: {
        enum: ["delivered", "rejected", "dropped", "untouched", "unknown"],
        description:
          "untouched: it goes on as if the rules were not there. unknown: its last rule does what the text does not tell.",
      },
      masquerade: { type: "boolean", description: "Its source address becomes one of the node's, or newSource." },
      hairpin: { type: "boolean", description: "It comes back to the address it is from." },
      assuming: { type: "array", items: { $ref: "#/$defs/assumption" } },
      hops: { type: "array", items: { $ref: "#/$defs/hop" }, description: "Rules that took it, in order." },
    },
    {
      destination: text("Address and port it is delivered to."),
      pod: text("namespace/name of who has that address."),
      podNode: text("The node that pod is on."),
      newSource: text("The source address that a rule gives it, as the rule spells it."),
      rejectedWith: text("What the client is told, such as icmp-port-unreachable."),
      affinitySeconds: { type: "integer", minimum: 1, description: "How long the client stays at this endpoint." },
      scheduling: { enum: ["by weight", "by source", "dynamic"], description: "How IPVS chose." },
    },
  );
}

function assumptionRecord(): object {
  return record({
    what: text("What nobody can tell by the text: a match or target, as the rule spells it."),
    holds: { type: "boolean" },
  });
}

function hopRecord(): object {
  const lineNumber = { type: "integer", minimum: 0 };
  return record(
    {
      table: text("nat, filter and so on; ipvs for a virtual server."),
      chain: text("The chain, or the virtual server's address."),
      rule: { type: ["integer", "null"], minimum: 1, description: "Its number in the chain; null for anything else." },
      text: text("As the tool spells it."),
      words: text("What it asks of a packet, and what it does."),
      because: text("What it is there for; empty where nobody says."),
    },
    {
      goesTo: text("The chain it calls, or the address and port it sends on to."),
      share: { type: "number", minimum: 0, maximum: 1, description: "Of the packets that came to it, by chance." },
      exact: text("The same as a fraction."),
      object: text("Whose it is: Service shop/web, or kube-proxy for what is always there."),
      field: text("The field it comes from."),
      source: record({ file: { type: "string" }, line: lineNumber, column: lineNumber }),
      file: text("The text the rule stands in."),
      line: lineNumber,
    },
  );
}

function record(required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}): object {
  const properties = { ...required, ...optional };
  return { type: "object", properties, required: Object.keys(required), additionalProperties: false };
}

function text(description: string): object {
  return { type: "string", description };
}

function names(description: string): object {
  return { type: "array", items: { type: "string" }, description };
}
