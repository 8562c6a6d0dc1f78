import { proxyModes } from "../model/proxy-configuration/proxy-configuration.ts";
import { names, record, text } from "./schema-parts.ts";

/** JSON Schema of the output of `portolan explain packet -o json`: a PacketExplanation of `explain/packet/`. */
export const packetSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan PacketExplanation",
  description: "Where one packet goes on one node, and by which rules. Empty fields are omitted.",
  ...record(
    {
      apiVersion: { const: "portolan/v1alpha1" },
      kind: { const: "PacketExplanation" },
      node: text("The Node's name; of a dump without one, the file's."),
      mode: { enum: [...proxyModes, null], description: "null if a dump does not show it." },
      ...wayFields(),
    },
    {
      notes: notes(),
      otherWays: {
        description:
          "For a client on the internet and a Service: the same for the Service's other addresses and node ports.",
        type: "array",
        items: { $ref: "#/$defs/way" },
      },
    },
  ),
  $defs: {
    way: record(wayFields(), { notes: notes() }),
    packet: packetRecord(),
    outcome: outcomeRecord(),
    assumption: assumptionRecord(),
    hop: hopRecord(),
  },
} as const;

function wayFields() {
  return {
    packet: { $ref: "#/$defs/packet" },
    outcomes: {
      description:
        "One for each path the packet may take. The shares of those without assumptions sum to one, and so do those " +
        "for each combination of answers to the assumptions.",
      type: "array",
      items: { $ref: "#/$defs/outcome" },
    },
    assumptions: names("Assumptions: a sentence each."),
    limits: names("Limits of the model: a sentence each."),
  };
}

function notes(): object {
  return names("What the outcomes mean, where that is not obvious: a sentence each.");
}

function packetRecord(): object {
  const asked = {
    interface: text("The incoming interface, if one was passed."),
    mark: { type: "integer", minimum: 0, maximum: 0xffffffff },
    fromName: text("Pod, node or internet, if the source was passed by name."),
    outInterface: text("The interface it leaves by, if one was passed."),
    service: text("namespace/name:port, if the target was passed as a Service."),
    way: {
      enum: ["cluster IP", "load balancer IP", "external IP", "node port"],
      description: "Which address of the Service the target is.",
    },
    toName: text("Pod or node, if the target was passed by name."),
    remembered: text("The endpoint at which session affinity keeps the client."),
  };
  return record(
    {
      from: text("The source address."),
      to: text("Address and port; the address of an ICMP echo request."),
      protocol: { enum: ["tcp", "udp", "sctp", "icmp"] },
      entry: { enum: ["outside", "pod", "node"], description: "How the packet reaches the node." },
      state: {
        enum: ["new", "established", "related", "invalid", "untracked"],
        description: "The conntrack state of its connection.",
      },
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
          "untouched: no rule handles the packet; it continues as if there were no rules. unknown: the effect of its last rule is unknown.",
      },
      masquerade: {
        type: "boolean",
        description: "The client IP is not preserved: SNAT to an address of the node, or to newSource.",
      },
      hairpin: { type: "boolean", description: "The packet returns to its own source address." },
      assuming: { type: "array", items: { $ref: "#/$defs/assumption" } },
      hops: { type: "array", items: { $ref: "#/$defs/hop" }, description: "The rules that matched, in order." },
    },
    {
      destination: text("The address and port it is delivered to."),
      pod: text("namespace/name of the pod with that address."),
      podNode: text("The node of that pod."),
      newSource: text("The source address after SNAT, as the rule spells it."),
      because: text("Why the end is unknown, if that is not the effect of the last rule."),
      rejectedWith: text("What the client receives, such as icmp-port-unreachable."),
      affinitySeconds: {
        type: "integer",
        minimum: 1,
        description: "How long session affinity keeps the client at this endpoint.",
      },
      scheduling: { enum: ["by weight", "by source", "dynamic"], description: "How IPVS selects the endpoint." },
    },
  );
}

function assumptionRecord(): object {
  return record({
    what: text("A match or target that Portolan cannot evaluate, as the rule spells it."),
    holds: { type: "boolean" },
  });
}

function hopRecord(): object {
  const lineNumber = { type: "integer", minimum: 0 };
  return record(
    {
      table: text("nat, filter and so on; ipvs for a virtual server."),
      chain: text("The chain, or the virtual server's address."),
      rule: {
        type: ["integer", "null"],
        minimum: 1,
        description: "The number of the rule in its chain; null for a policy or virtual server.",
      },
      text: text("The rule as the tool prints it."),
      words: text("What the rule matches and what it does."),
      origin: text("The object or comment that the rule comes from; empty if unknown."),
    },
    {
      goesTo: text("The chain it jumps to, or the address and port of its DNAT."),
      share: {
        type: "number",
        minimum: 0,
        maximum: 1,
        description: "The share of the packets that reach the rule, if it matches at random.",
      },
      exact: text("The same as a fraction."),
      object: text("The object it comes from: Service shop/web, or kube-proxy for rules that are always present."),
      field: text("The field it comes from."),
      source: record({ file: { type: "string" }, line: lineNumber, column: lineNumber }),
      file: text("The text that contains the rule."),
      line: lineNumber,
    },
  );
}
