import { count, listOf, names, record, text } from "./schema-parts.ts";

/** JSON Schema of the output of `portolan explain` with `-o json`. Fields that are unknown are left out. */
export const explainSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Portolan explanations",
  description: "What an object, address, chain, set, element or rule is for, what it does, and where it comes from.",
  oneOf: [
    { $ref: "#/$defs/chains" },
    { $ref: "#/$defs/sets" },
    { $ref: "#/$defs/entry" },
    { $ref: "#/$defs/explainedRule" },
    { $ref: "#/$defs/object" },
    { $ref: "#/$defs/node" },
    { $ref: "#/$defs/address" },
    { $ref: "#/$defs/restoreLine" },
  ],
  $defs: {
    chains: explanation(
      "ChainExplanation",
      { name: text("The name that was asked for."), nodes: listOf("chainPart") },
      { sets: { $ref: "#/$defs/sets", description: "Sets and maps of the same name." } },
    ),
    chainPart: record(
      { nodes: nodes(), chains: listOf("chain") },
      {
        absent: {
          ...record({ wouldBe: text("What the chain would be."), why: names("Why there is none, a sentence each.") }),
          description: "Where no such chain exists, but its name belongs to a service port.",
        },
      },
    ),
    chain: record(
      {
        table: table(),
        file: text("The text that has it."),
        purpose: text('What it is for; completes "it ...".'),
        reachedFrom: names("The base chains from which packets can get here; @NAME is a map that no rule looks up."),
        callers: { ...listOf("rule"), description: "The rules that lead here." },
        elements: { ...listOf("rule"), description: "The elements of maps that lead here." },
        rules: listOf("rule"),
      },
      { family: family(), declaredAt: line(), service: text("The service port that owns it: shop/web:http.") },
    ),
    sets: explanation("SetExplanation", {
      name: text("The name that was asked for."),
      nodes: listOf("setPart"),
    }),
    setPart: record(
      {
        nodes: nodes(),
        kind: { enum: ["set", "map"] },
        table: text("ip kube-proxy; empty for a set of ipset, which is in no table."),
        type: text("The type of its elements, as the tool prints it."),
        file: text("The text that has it."),
        line: line(),
        entries: {
          type: "array",
          items: record({ line: line(), text: text("The element."), words: words() }, { cause: cause() }),
        },
        rules: { ...listOf("rule"), description: "The rules that match on it, look it up or add to it." },
      },
      { family: family(), purpose: text("What it holds; left out for a set of another program.") },
    ),
    entry: explanation("EntryExplanation", {
      text: text("What was asked for."),
      nodes: {
        type: "array",
        items: record(
          {
            nodes: nodes(),
            file: text("The text that has it."),
            line: line(),
            purpose: text('What it is; completes "it ...".'),
            words: words(),
            rules: { ...listOf("rule"), description: "The rules that use its set." },
          },
          { cause: cause() },
        ),
      },
    }),
    explainedRule: explanation(
      "RuleExplanation",
      {
        text: text("The rule that was asked for."),
        matches: { type: "array", items: record({ kind: text("The kind of match."), words: text("In words.") }) },
        target: text('What the rule does; completes "it will ...".'),
        found: {
          type: "array",
          items: record(
            { ...ruleFields(), nodes: nodes(), purpose: text('Of its chain; completes "it ...".') },
            moreOfRule(),
          ),
        },
        nearest: { ...listOf("rule"), description: "Similar rules, where the rule itself is not found." },
      },
      { chain: text("Left out where the text of the rule does not name its chain.") },
    ),
    rule: record(ruleFields(), moreOfRule()),
    ...objectDefinitions(),
    ...portDefinitions(),
    ...otherDefinitions(),
    share: {
      ...record(
        { part: { type: "number", minimum: 0, maximum: 1 } },
        { exact: text("As a fraction, such as 1/3 or 715827883/2147483648.") },
      ),
      description: "The fraction of the packets at this fork.",
    },
  },
} as const;

/** Objects, and what they lack. */
function objectDefinitions(): Readonly<Record<string, object>> {
  const kinds = ["ServiceExplanation", "EndpointSliceExplanation", "EndpointsExplanation"];
  return {
    object: record(
      {
        apiVersion: { const: "portolan/v1alpha1" },
        kind: { enum: kinds },
        object: text("Kind, namespace and name."),
        nodes: {
          type: "array",
          items: record({
            nodes: nodes(),
            ports: listOf("port"),
            notProgrammed: listOf("omission"),
            lines: listOf("ownLine"),
            missing: { ...listOf("ownLine"), description: "Of a dump: lines that the state requires and it lacks." },
          }),
        },
      },
      { type: text("Of a Service: its type."), source: sourcePlace() },
    ),
  };
}

function portDefinitions(): Readonly<Record<string, object>> {
  const share = { $ref: "#/$defs/share" };
  return {
    port: record(
      {
        name: text("The service port: shop/web:http."),
        family: { enum: ["ipv4", "ipv6"] },
        protocol: { enum: ["tcp", "udp", "sctp"] },
        addresses: {
          type: "array",
          items: record(
            { kind: text("cluster IP, node port ..."), address: text("Address and port; of a node port its number.") },
            { note: text("Where it answers, or for whom.") },
          ),
        },
        internal: text("Where in-cluster traffic goes, in words."),
        endpoints: {
          type: "array",
          items: record(
            { target: text("Address and port."), isLocal: { type: "boolean", description: "It is on this node." } },
            { node: text("Its node."), internal: share, external: share },
          ),
        },
      },
      {
        external: text("Where external traffic goes, in words."),
        affinitySeconds: { type: "integer", minimum: 0, description: "The timeout of session affinity." },
      },
    ),
    omission: record(
      { reason: text("Why, as a code."), what: text("What is missing."), why: text("Why, in words.") },
      { port: text("The service port."), family: family(), source: sourcePlace() },
    ),
    ownLine: record(
      { file: text("The text that has it."), line: line(), text: text("The line.") },
      {
        table: text("The table."),
        chain: text("The chain."),
        set: text("The set or map."),
        words: words(),
        cause: cause(),
      },
    ),
  };
}

/** Nodes, addresses, and lines of input of iptables-restore. */
function otherDefinitions(): Readonly<Record<string, object>> {
  return {
    node: explanation("NodeExplanation", {
      node: text("The node."),
      facts: { type: "array", items: record({ what: text("The fact."), value: text("Its value.") }) },
      lines: record({ total: count("Lines of its rules."), always: count("Lines without any Service.") }),
      notProgrammed: listOf("omission"),
    }),
    address: explanation("AddressExplanation", {
      subject: text("What was asked for."),
      facts: {
        type: "array",
        items: record(
          {
            address: text("The address."),
            what: text("cluster IP, endpoint ..."),
            object: text("Whose it is."),
            detail: text("More about it."),
          },
          { source: sourcePlace() },
        ),
      },
      nodes: { type: "array", items: record({ nodes: nodes(), lines: listOf("ownLine") }) },
    }),
    restoreLine: explanation(
      "RestoreLineExplanation",
      {
        file: text("The file."),
        line: line(),
        text: text("The line."),
        faults: {
          type: "array",
          items: record({ line: line(), message: text("What is wrong.") }, { hint: text("What to do.") }),
        },
      },
      { table: text("Its table."), owner: text("Its chain, and what it is for.") },
    ),
  };
}

function sourcePlace(): object {
  return record({ file: text("The file of the state."), line: line(), column: line() });
}

function ruleFields() {
  return {
    file: text("The text that has it."),
    line: line(),
    table: text("nat, ip kube-proxy; empty for a set of ipset."),
    chain: text("Its chain; of an element its set or map."),
    number: { type: "integer", minimum: 1, description: "Its position there." },
    text: text("As the tool prints it."),
    words: text("What it matches and what it does."),
  };
}

function moreOfRule() {
  return {
    share: { $ref: "#/$defs/share" },
    branches: {
      type: "array",
      items: record(
        {
          key: text("The element; empty where packets are divided at random."),
          to: text("A chain, an address with port, or the end of the packet."),
        },
        { share: { $ref: "#/$defs/share" } },
      ),
      description: "Where the elements of a map within the rule lead.",
    },
    cause: cause(),
  };
}

function cause(): object {
  return {
    ...record(
      { object: text("Service shop/web, or kube-proxy for what is always present.") },
      { field: text("spec.clusterIP"), source: sourcePlace() },
    ),
    description: "The object and field that it comes from.",
  };
}

function explanation(
  kind: string,
  required: Readonly<Record<string, object>>,
  optional: Readonly<Record<string, object>> = {},
): object {
  return record({ apiVersion: { const: "portolan/v1alpha1" }, kind: { const: kind }, ...required }, optional);
}

function table(): object {
  return text("nat, or family and name of a table of nftables: ip kube-proxy.");
}

function family(): object {
  return { enum: ["ipv4", "ipv6"], description: "Left out where it is both or neither." };
}

function nodes(): object {
  return names("The nodes where this is the same; of a dump its name.");
}

function words(): object {
  return text("What it means; empty where its text says it.");
}

function line(): object {
  return { type: "integer", minimum: 0 };
}
