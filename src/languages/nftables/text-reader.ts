import type { Artifact } from "../../ir/artifact.ts";
import type { Family } from "../../model/address.ts";
import {
  type AskedRule,
  fates,
  forkPart,
  type PlacedObject,
  type PlacedRule,
  type ReadLine,
  type ReadText,
  type RuleExit,
  type RuleReading,
  type RuleTextReader,
  translatedTo,
} from "../text-reader.ts";
import { canonicalRule } from "./canonical-rule.ts";
import { describeNftRule, describeNftStatements, describeVerdict } from "./describe-rule.ts";
import { parseRule } from "./parse-rule.ts";
import { elementOf, readRuleset, ruleText } from "./read-ruleset.ts";
import type { NftField, NftRule, NftSource, NftStatement, NftVerdict } from "./rule.ts";
import { elementText, type NftChain, type NftElement, type NftSet, type NftTable, tableFamilies } from "./ruleset.ts";
import { tableName } from "./stages.ts";
import { setsNamed, splitWords, unquoted, wordsOf } from "./words.ts";

/** Chains, sets and maps of `nft list ruleset` and of input for `nft -f`. */
export const nftablesReader: RuleTextReader = {
  read: readTables,
  readLine,
  readRule,
  hasBlocks: true,
  describeMet: ({ text }, element) => describeNftRule(text, element),
  entryOf: () => undefined,
};

function readTables(text: Artifact): ReadText {
  const { doc, problems } = readRuleset([text]);
  return {
    chains: doc.tables.flatMap((table) => [...table.chains.values()].map((chain) => placedChain(chain, table))),
    sets: doc.tables.flatMap((table) => [...table.sets.values()].map((set) => placedSet(set, table))),
    others: [],
    problems: problems.map(({ line, message }) => ({
      line,
      words: message,
      isCutOff: message.startsWith("the text "),
    })),
  };
}

const familyOf: Readonly<Record<string, Family>> = { ip: "ipv4", ip6: "ipv6" };

function placedChain({ name, file, line, base, rules }: NftChain, table: NftTable): PlacedObject {
  const place = { family: familyOf[table.family], table: tableName(table), chain: name };
  const placedRule = lazily((at): PlacedRule => {
    const { text, file: from, line: on } = rules[at] as NftChain["rules"][number];
    return { ...place, ...readingOf(text), file: from, line: on, number: at + 1 };
  });
  return {
    language: "nftables",
    kind: "chain",
    family: place.family,
    table: place.table,
    name,
    file,
    declaredAt: line,
    declaration: `chain ${name}`,
    entry: base && describeBase(base),
    type: undefined,
    lines: rules.map(({ text }) => text),
    numbers: rules.map((rule) => rule.line),
    get rules() {
      return rules.map((_, at) => placedRule(at));
    },
    rulesOn: (isAsked) => rules.flatMap((rule, at) => (isAsked(rule.line) ? [placedRule(at)] : [])),
    calls: (at) => callsOf(rules[at]?.text ?? ""),
    describeLine: (at) => ({ words: describeNftRule(rules[at]?.text ?? "", undefined).words }),
  };
}

function describeBase({ type, hook, priority, policy, device }: NonNullable<NftChain["base"]>): string {
  const on = device === undefined ? "" : ` of ${device}`;
  const at = `priority ${priority ?? "unknown"}, policy ${policy}`;
  return `is a base chain: the kernel calls it at hook ${hook}${on} (type ${type}, ${at})`;
}

function placedSet(set: NftSet, table: NftTable): PlacedObject {
  const { name, file, line, key, value, elements } = set;
  const kind = value === undefined ? "set" : "map";
  const place = { family: familyOf[table.family], table: tableName(table), chain: name, file };
  const placedRule = lazily((at): PlacedRule => {
    const element = elements[at] as NftElement;
    return { ...place, ...elementReading(element, key), line: element.line, number: at + 1 };
  });
  return {
    language: "nftables",
    kind,
    family: place.family,
    table: place.table,
    name,
    file,
    declaredAt: line,
    declaration: `${kind} ${name}`,
    entry: undefined,
    type: [key, ...(value === undefined ? [] : [value])].map((parts) => parts.join(" . ")).join(" : "),
    lines: elements.map(elementText),
    numbers: elements.map((element) => element.line),
    get rules() {
      return elements.map((_, at) => placedRule(at));
    },
    rulesOn: (isAsked) => elements.flatMap((element, at) => (isAsked(element.line) ? [placedRule(at)] : [])),
    calls: (at) => callsOf(elements[at]?.value ?? ""),
    describeLine: (at) => {
      const element = elements[at];
      return { words: element && describeElement(element, key) };
    },
  };
}

/** Each is read once, and only when it is asked for. */
function lazily<Value>(read: (at: number) => Value): (at: number) => Value {
  const known: Value[] = [];
  return (at) => {
    const value = known[at] ?? read(at);
    known[at] = value;
    return value;
  };
}

/** The chains and maps that a rule or a value names. */
function callsOf(text: string): readonly string[] {
  const chains = [...text.matchAll(/\b(?:jump|goto) ("[^"]*"|[^\s,}]+)/g)].map(([, name = ""]) => unquoted(name));
  const maps = [...text.matchAll(/ v?map (@[^\s,}]+)/g)].map(([, name = ""]) => name);
  return [...chains, ...maps];
}

function readingOf(text: string): RuleReading {
  const rule = parseRule(text);
  const exits = rule?.statements.flatMap(exitsOf) ?? [];
  return {
    text,
    canonical: () => canonicalRule(text),
    inWords: () => describeNftRule(text, undefined).words,
    conditions: () => describeNftRule(text, undefined).conditions.join(", "),
    comments: rule?.comment === undefined ? [] : [rule.comment],
    exits,
    isMarking: false,
    hasBranches: exits.some(({ key, share }) => key !== "" || share !== undefined),
    sets: [...new Set([...setsNamed(text), ...(rule === undefined ? [] : updated(rule))])],
    share: undefined,
  };
}

function updated({ statements }: NftRule): readonly string[] {
  return statements.flatMap((statement) => (statement.kind === "update-set" ? [statement.set] : []));
}

function exitsOf(statement: NftStatement): readonly RuleExit[] {
  switch (statement.kind) {
    case "verdict":
      return exitOf(statement.verdict, "", undefined);
    case "verdict-map":
      return throughMap(statement.key, statement.map, (value) => verdictOf(value));
    case "dnat":
      if (statement.map !== undefined) return throughMap(statement.map.key, statement.map.source, endpointOf);
      return statement.to === undefined ? [] : [{ to: endpointOf(statement.to), key: "", share: undefined }];
    case "redirect":
      return [{ to: fates.redirect, key: "", share: undefined }];
    case "match":
    case "snat":
    case "masquerade":
    case "set-field":
    case "update-set":
    case "other":
      return [];
  }
}

/** A named map is drawn on its own; the elements of another are ways from the rule itself. */
function throughMap(
  key: readonly NftField[],
  source: NftSource,
  exit: (value: string) => RuleExit["to"] | undefined,
): readonly RuleExit[] {
  if (source.kind === "named") return [{ to: { kind: "callee", name: `@${source.name}` }, key: "", share: undefined }];
  const [, modulus] = /^numgen (?:random|inc) mod (\d+)/.exec(key[0] ?? "") ?? [];
  return source.elements.flatMap((element) => {
    const to = exit(element.value ?? "");
    if (to === undefined) return [];
    const share = modulus === undefined ? undefined : forkPart(countOf(element.key), Number(modulus));
    return [{ to, key: share === undefined ? element.key : "", share }];
  });
}

/** The numbers in `3` and `0-3`. */
function countOf(key: string): number {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(key) ?? [];
  return first === undefined || last === undefined ? 1 : Number(last) - Number(first) + 1;
}

function verdictOf(value: string): RuleExit["to"] | undefined {
  const [statement] = parseRule(value)?.statements ?? [];
  const [exit] = statement?.kind === "verdict" ? exitOf(statement.verdict, "", undefined) : [];
  return exit?.to;
}

function exitOf(verdict: NftVerdict, key: string, share: RuleExit["share"]): readonly RuleExit[] {
  const exit = (to: RuleExit["to"]): readonly RuleExit[] => [{ to, key, share }];
  switch (verdict.kind) {
    case "jump":
    case "goto":
      return exit({ kind: "callee", name: verdict.chain });
    case "drop":
    case "reject":
    case "accept":
      return exit(fates[verdict.kind]);
    case "return":
    case "continue":
      return [];
  }
}

/** `10.0.0.1 . 80`, `fd00::1 . 80`, `10.0.0.1:80`. */
function endpointOf(value: string): RuleExit["to"] {
  const [address = "", port] = value.split(" . ");
  const label = port === undefined ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`;
  return translatedTo(label);
}

function elementReading(element: NftElement, key: readonly string[]): RuleReading {
  const text = elementText(element);
  const to = element.value === undefined ? undefined : (verdictOf(element.value) ?? endpointOf(element.value));
  return {
    text,
    canonical: () => text,
    inWords: () => describeElement(element, key),
    conditions: () => "",
    comments: element.comment === undefined ? [] : [element.comment],
    exits: to === undefined ? [] : [{ to, key: element.key, share: undefined }],
    isMarking: false,
    hasBranches: false,
    sets: [],
    share: undefined,
  };
}

const described: Readonly<Record<string, (part: string) => string>> = {
  inet_proto: (part) => part.toUpperCase(),
  inet_service: (part) => `port ${part}`,
  ifname: (part) => `interface ${unquoted(part)}`,
  mark: (part) => `mark ${part}`,
};

/** `10.96.0.10, TCP, port 80: go to services ...`; empty where the element says it in its own words. */
function describeElement({ key, value }: NftElement, types: readonly string[]): string {
  const parts = key.split(" . ").map((part, at) => (described[types[at] ?? ""] ?? String)(part));
  const what = parts.join(", ");
  if (value === undefined) return what === key ? "" : what;
  const [statement] = parseRule(value)?.statements ?? [];
  return `${what}: ${statement?.kind === "verdict" ? describeVerdict(statement.verdict) : value}`;
}

const fields = /^(?:saddr|daddr|protocol|version|nexthdr|length|ttl|hoplimit|dscp|ecn|id|hdrlength|checksum|type)$/;

/**
 * A rule; `chain services {`, `add rule ip kube-proxy services ...`, `ip kube-proxy services`; an element, or several as
 * a listing has them.
 */
function readLine(line: string): ReadLine | undefined {
  const text = ruleText(line.replace(/#\s*handle \d+\s*$/, "").trim());
  const words = wordsOf(text);
  const [first = "", second = "", third = ""] = words;
  if (/^(?:add|create|insert)$/.test(first) && kinds.has(second)) return readCommand(words.slice(1), text);
  if (/^(?:chain|set|map)$/.test(first) && words.length >= 2 && (words.length === 2 || words.at(-1) === "{"))
    return { kind: "object", name: unquoted(second), table: undefined };
  if (isFamily(first) && words.length === 3 && !fields.test(second))
    return { kind: "object", name: unquoted(third), table: `${first} ${unquoted(second)}` };
  const elements = elementsIn(text, words);
  if (elements !== undefined) return { kind: "entries", texts: elements, table: undefined, name: undefined };
  // `drop` alone may be any name.
  return words.length < 2 ? undefined : readRule(text);
}

function readRule(text: string): ReadLine | undefined {
  const rule = askedRule(text, undefined, undefined);
  return rule && { kind: "rule", rule };
}

const kinds: ReadonlySet<string> = new Set(["rule", "chain", "set", "map", "element"]);

function isFamily(word: string): boolean {
  return (tableFamilies as readonly string[]).includes(word);
}

/** `rule ip kube-proxy services ...`, without what is done with it. */
function readCommand([kind = "", ...words]: readonly string[], line: string): ReadLine {
  const rest = isFamily(words[0] ?? "") ? words : ["ip", ...words];
  const [family = "", tableOf = "", nameOf = ""] = rest;
  const [table, name] = [`${family} ${unquoted(tableOf)}`, unquoted(nameOf)];
  if (kind === "element") return { kind: "entries", texts: elementTexts(rest.slice(3)), table, name };
  if (kind !== "rule") return { kind: "object", name, table };
  const text = line.slice(line.indexOf(nameOf, line.indexOf(tableOf) + tableOf.length) + nameOf.length).trim();
  const rule = askedRule(text, table, name);
  return rule === undefined ? { kind: "broken", message: `not understood: ${text}` } : { kind: "rule", rule };
}

/** `10.96.0.10 . tcp . 80 : goto services,`, or the key alone. */
function elementsIn(text: string, words: readonly string[]): readonly string[] | undefined {
  const isList = words[0] === "elements" && words[1] === "=";
  if (!isList && words[1] !== "." && !/^\S+ : (?:goto|jump|drop|accept|reject|return)\b/.test(text)) return undefined;
  return elementTexts(isList ? words.slice(2) : words);
}

function elementTexts(words: readonly string[]): readonly string[] {
  const inner = words.filter((word) => word !== "{" && word !== "}" && word !== "..." && word !== "…");
  return splitWords(inner, ",")
    .filter((element) => element.length > 0)
    .map((element) => elementText(elementOf(element, 0)));
}

function askedRule(text: string, table: string | undefined, chain: string | undefined): AskedRule | undefined {
  const rule = parseRule(text);
  if (rule === undefined) return undefined;
  return { ...readingOf(text), language: "nftables", table, chain, ...describeNftStatements(rule) };
}
