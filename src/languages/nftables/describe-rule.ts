import type { MetRule } from "../text-reader.ts";
import { parseRule } from "./parse-rule.ts";
import type { NftField, NftRule, NftSource, NftStatement, NftVerdict } from "./rule.ts";
import { unquoted } from "./words.ts";

/** A rule of nftables in words: its conditions, then what it does. Statements that are not known stay as they are. */
export interface DescribedRule extends MetRule {
  /** The conditions alone. */
  readonly conditions: readonly string[];
}

/** `element`: the element of a map, or the choice, that decided for a packet. */
export function describeNftRule(text: string, element: string | undefined): DescribedRule {
  const rule = parseRule(text);
  if (rule === undefined)
    return { words: `${text} (not understood)`, conditions: [], comment: undefined, goesTo: undefined };
  const { conditions, action } = partsOf(rule.statements, element);
  const asked = conditions.length === 0 ? "every packet" : conditions.join(", ");
  return { words: `${asked}: ${action}`, conditions, comment: rule.comment, goesTo: goesTo(rule.statements, element) };
}

/** Each condition of a rule, and what it does. */
export function describeNftStatements({ statements, comment }: NftRule): {
  readonly matches: readonly { readonly kind: string; readonly words: string }[];
  readonly target: string;
} {
  const { conditions, action } = partsOf(statements, undefined);
  const matches = conditions.map((words) => ({ kind: "match", words }));
  const said = comment === undefined ? [] : [{ kind: "comment", words: `comment, matches every packet: ${comment}` }];
  return { matches: [...matches, ...said], target: action };
}

function partsOf(statements: readonly NftStatement[], element: string | undefined) {
  const conditions: string[] = [];
  const actions: string[] = [];
  for (const statement of statements) {
    const words = describeStatement(statement, element);
    if (isCondition(statement) && actions.length === 0) conditions.push(words);
    else actions.push(isCondition(statement) ? `if ${words}` : words);
  }
  const action = actions.length === 0 ? "do nothing, continue with the next rule" : actions.join(", then ");
  return { conditions, action };
}

function isCondition({ kind }: NftStatement): boolean {
  return kind === "match";
}

function goesTo(statements: readonly NftStatement[], element: string | undefined): string | undefined {
  const last = statements.at(-1);
  if (last?.kind === "verdict" && (last.verdict.kind === "jump" || last.verdict.kind === "goto"))
    return last.verdict.chain;
  if (last?.kind === "dnat" && last.to !== undefined) return last.to;
  if (last?.kind !== "verdict-map" && last?.kind !== "dnat") return undefined;
  const value = element?.slice(element.lastIndexOf(" : ") + 3) ?? "";
  const [, chain] = /^(?:jump|goto) (\S+)$/.exec(value) ?? [];
  return chain;
}

function describeStatement(statement: NftStatement, element: string | undefined): string {
  const decided = element === undefined ? "" : ` (${element})`;
  switch (statement.kind) {
    case "match":
      return describeMatch(statement);
    case "verdict":
      return describeVerdict(statement.verdict);
    case "verdict-map":
      return `${lookUp(statement.key, statement.map)}${isGenerated(statement.key) ? "" : decided}`;
    case "dnat":
      if (statement.map === undefined) return `DNAT to ${statement.to ?? ""}`;
      return `DNAT to ${choice(statement.map.key)}${inSource(statement.map.source, "map")}${isGenerated(statement.map.key) ? "" : decided}`;
    case "redirect":
      return `redirect to this node${statement.to === undefined ? ", same port" : `, port ${statement.to.replace(":", "")}`}`;
    case "snat":
      return `SNAT to ${statement.to ?? "an address of a map"}`;
    case "masquerade": {
      const isRandom = statement.flags.some((flag) => flag.includes("random"));
      return `masquerade: SNAT to this node's address${isRandom ? ", random source port" : ""}`;
    }
    case "set-field":
      return describeAssignment(statement);
    case "update-set":
      return statement.operation === "delete"
        ? `remove ${fieldNames(statement.key)} from set ${statement.set}`
        : `remember ${fieldNames(statement.key)} in set ${statement.set}`;
    case "other":
      return statement.effect === "no-track" ? "do not track the connection: nat chains do not see it" : statement.text;
  }
}

/** What a verdict does, as a phrase that completes "it will ...". */
export function describeVerdict(verdict: NftVerdict): string {
  switch (verdict.kind) {
    case "accept":
      return "accept, and skip the remaining rules of this base chain";
    case "drop":
      return "drop silently";
    case "return":
      return "return from this chain";
    case "continue":
      return "continue with the next rule";
    case "jump":
      return `jump to ${verdict.chain}`;
    case "goto":
      return `go to ${verdict.chain} without returning to this chain`;
    case "reject":
      return `reject with ${verdict.with ?? "icmp port-unreachable"}`;
  }
}

/** Packets that are divided at random share the description of the rule. */
function isGenerated([field = ""]: readonly NftField[]): boolean {
  return /^(?:numgen|jhash|symhash)/.test(field);
}

/** What decides among the values of a map. */
function choice(key: readonly NftField[]): string {
  const [field = ""] = key;
  const [, modulus] = /^numgen random mod (\d+)/.exec(field) ?? [];
  if (modulus !== undefined) return `one of ${modulus} at random`;
  if (/^numgen inc/.test(field)) return "one after the other";
  if (/^(?:jhash|symhash)/.test(field)) return `one by a hash (${field})`;
  return `by ${fieldNames(key)}`;
}

/** The chain, or the end of a packet, that a map says. */
function lookUp(key: readonly NftField[], map: NftSource): string {
  if (isGenerated(key)) return `go to ${choice(key)}`;
  return `look up ${fieldNames(key)} in ${map.kind === "named" ? `map ${map.name}` : "the map of the rule"}`;
}

function inSource(source: NftSource, what: "map" | "set"): string {
  return source.kind === "named" ? `, in ${what} ${source.name}` : "";
}

function describeMatch({
  key,
  operator,
  mask,
  right,
  text,
}: Extract<NftStatement, { readonly kind: "match" }>): string {
  const not = operator === "!=" ? "not " : "";
  const [field = ""] = key;
  if (right.kind === "named") return `whose ${fieldNames(key)} is ${not}in set ${right.name}`;
  const values = right.elements.map((each) => each.key);
  const known = key.length === 1 && mask === undefined ? fields[field.replace(/^meta /, "")] : undefined;
  if (known !== undefined && (operator === undefined || operator === "==" || operator === "!="))
    return known(values.map(unquoted).join(" or "), not);
  if (/^(?:meta )?mark$/.test(field) && typeof mask === "number")
    return `${(operator === "!=") === (Number(values[0]) === 0) ? "with" : "without"} mark ${hex(mask)}`;
  return text;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

type Phrase = (values: string, not: string) => string;

const from: Phrase = (values, not) => `${not}from ${values}`;
const to: Phrase = (values, not) => `${not}to ${values}`;
const toPort: Phrase = (values, not) => `${not}to port ${values}`;
const fromPort: Phrase = (values, not) => `${not}from port ${values}`;
const protocol: Phrase = (values, not) => `${not}${values.toUpperCase()}`;
const arriving: Phrase = (values, not) => `${not}arriving on ${values}`;
const leaving: Phrase = (values, not) => `${not}leaving on ${values}`;

/** A match on a field, as a phrase that completes "a packet ...". */
const fields: Readonly<Record<string, Phrase>> = {
  "ip saddr": from,
  "ip6 saddr": from,
  "ip daddr": to,
  "ip6 daddr": to,
  "tcp dport": (values, not) => `TCP, ${toPort(values, not)}`,
  "udp dport": (values, not) => `UDP, ${toPort(values, not)}`,
  "th dport": toPort,
  "th sport": fromPort,
  l4proto: protocol,
  "ip protocol": protocol,
  "ip6 nexthdr": protocol,
  iifname: arriving,
  iif: arriving,
  oifname: leaving,
  oif: leaving,
  "ct state": (values, not) => `in conntrack state ${not}${values.toUpperCase()}`,
  "ct status": (values, not) => `of a connection that has ${not}had ${values.toUpperCase()}`,
  "fib saddr type": (values, not) =>
    values === "local" ? `${not}from an address of this node` : `${not}from an address of type ${values}`,
  "fib daddr type": (values, not) =>
    values === "local" ? `${not}to an address of this node` : `${not}to an address of type ${values}`,
};

const names: Readonly<Record<string, string>> = {
  "ip saddr": "source",
  "ip6 saddr": "source",
  "ip daddr": "destination",
  "ip6 daddr": "destination",
  "meta l4proto": "protocol",
  "th dport": "port",
  "tcp dport": "TCP port",
  "udp dport": "UDP port",
};

/** `destination, protocol and port` */
function fieldNames(key: readonly NftField[]): string {
  const spelled = key.map((field) => names[field] ?? field);
  return spelled.length < 2 ? spelled.join("") : `${spelled.slice(0, -1).join(", ")} and ${spelled.at(-1)}`;
}

function describeAssignment({ field, value, text }: Extract<NftStatement, { readonly kind: "set-field" }>): string {
  if (!/^(?:meta )?mark$|^ct mark$/.test(field) || value === undefined) return text;
  const what = field === "ct mark" ? "the mark of the connection" : "the mark";
  if (value.of === undefined) return `set ${what} to ${hex(value.flip)}`;
  if (value.of !== field) return text;
  const { keep, flip } = value;
  if (keep === 0xffffffff) return `flip bits ${hex(flip)} of ${what}`;
  const mask = ~keep >>> 0;
  return flip === mask ? `set bits ${hex(flip)} of ${what}` : flip === 0 ? `clear bits ${hex(mask)} of ${what}` : text;
}
