import type { Action, ElementEntry, Elements, PortInterval, Predicate, Side } from "../../ir/datapath.ts";
import { protocolName } from "../protocol-name.ts";
import type { NftField, NftMatch, NftSource } from "./rule.ts";
import { elementText, type NftElement, type NftSet, type TableFamily } from "./ruleset.ts";
import { numberOf, unquoted } from "./words.ts";

/** What the rules of a table refer to. */
export interface Scope {
  readonly family: TableFamily;
  readonly sets: ReadonlyMap<string, NftSet>;
}

/** The conditions of a match. */
export function predicatesFor(match: NftMatch & { readonly text: string }, scope: Scope): readonly Predicate[] {
  const { key, right, operator, text } = match;
  const negated = operator === "!=";
  const implied = key.flatMap((field) => impliedFamily(field, scope));
  const [field = ""] = key;
  const isSingle = key.length === 1;
  if (isSingle && right.kind === "elements") {
    const [first, second] = right.elements;
    const keys = right.elements.map((each) => each.key);
    const known =
      second === undefined ? compared(field, first?.key ?? "", match) : listed(field, keys, { negated, text });
    if (known !== undefined) return [...implied, ...known];
    if (second === undefined) return [...implied, unknownOf(text, negated)];
  }
  if (operator !== undefined && operator !== "==" && !negated) return [...implied, unknownOf(text, negated)];
  const remembered =
    isSingle && right.kind === "named" ? clientsIn(field, right.name, { scope, negated, text }) : undefined;
  if (remembered !== undefined) return [...implied, remembered];
  const elements = match.mask === undefined ? elementsOf(key, right, scope) : undefined;
  return [
    ...implied,
    elements === undefined ? unknownOf(text, negated) : { kind: "element-of", elements, negated, text },
  ];
}

function unknownOf(text: string, negated: boolean): Predicate {
  return { kind: "unknown", isFickle: false, negated, text: text.replace(" != ", " ") };
}

/** In a table of both families a match on a header of one matches packets of that family only. */
function impliedFamily(field: NftField, { family }: Scope): readonly Predicate[] {
  const [, version] = /^(ip6?|icmp(?:v6)?) /.exec(field) ?? [];
  if (version === undefined || family === "ip" || family === "ip6") return [];
  const of = version === "ip" || version === "icmp" ? "ip" : "ip6";
  return [{ kind: "family", family: of, negated: false, text: `meta nfproto ${of === "ip" ? "ipv4" : "ipv6"}` }];
}

/** `ip saddr @clients`, where rules enter clients into the set: as a list of recent clients. */
function clientsIn(
  field: NftField,
  name: string,
  { scope, negated, text }: { readonly scope: Scope; readonly negated: boolean; readonly text: string },
): Predicate | undefined {
  const set = scope.sets.get(name);
  if (set === undefined || !set.flags.includes("dynamic")) return undefined;
  if (!/^ip6? saddr$/.test(field)) return unknownOf(text, negated);
  return { kind: "recent", action: "rcheck", seconds: set.timeout, list: name, side: "source", negated, text };
}

const ofSets = new WeakMap<NftSet, Map<string, Elements | undefined>>();

/**
 * The elements of a set or map, as conditions on the fields of a key. `actionOf`: the action of an element's value.
 * Undefined where the set is not in the text.
 */
export function elementsOf(
  key: readonly NftField[],
  source: NftSource,
  scope: Scope,
  actionOf?: (value: string | undefined) => Action,
): Elements | undefined {
  if (source.kind === "elements") {
    const text = `{ ${source.elements.map((each) => each.key).join(", ")} }`;
    return { text, entries: source.elements.map((element) => entryOf(key, element, actionOf)) };
  }
  const set = scope.sets.get(source.name);
  // What a rule enters is not known.
  if (set === undefined || set.flags.includes("dynamic")) return undefined;
  const known = ofSets.get(set) ?? new Map<string, Elements | undefined>();
  ofSets.set(set, known);
  const name = key.join(" . ");
  const before = known.get(name);
  if (before !== undefined) return before;
  const made = { text: `@${set.name}`, entries: set.elements.map((element) => entryOf(key, element, actionOf)) };
  known.set(name, made);
  return made;
}

function entryOf(
  key: readonly NftField[],
  element: NftElement,
  actionOf: ((value: string | undefined) => Action) | undefined,
): ElementEntry {
  const parts = key.length === 1 ? [element.key] : element.key.split(" . ");
  const text = elementText(element);
  const predicates = key.flatMap((field, at): readonly Predicate[] => {
    const spelled = `${field} ${parts[at] ?? ""}`;
    return (
      compared(field, parts[at] ?? "", { operator: "==", mask: undefined, text: spelled }) ?? [
        unknownOf(spelled, false),
      ]
    );
  });
  const whole = parts.length === key.length ? predicates : [unknownOf(text, false)];
  const { line } = element;
  return actionOf === undefined
    ? { line, text, predicates: whole }
    : { line, text, predicates: whole, action: actionOf(element.value) };
}

/** A field that is one of several values. Undefined where it is looked up as in a set. */
function listed(
  field: NftField,
  keys: readonly string[],
  { negated, text }: { readonly negated: boolean; readonly text: string },
): readonly Predicate[] | undefined {
  const address = addressField.exec(field);
  if (address !== null)
    return [{ kind: "address-in", side: sideOf(address[1]), ranges: keys.flatMap(rangesOf), negated, text }];
  const port = portField.exec(field);
  if (port === null) return undefined;
  const ports = keys.map(portsOf);
  const known = ports.filter((each) => each !== undefined);
  if (known.length < ports.length) return undefined;
  return [portIn(port, known, { negated, text })];
}

const addressField = /^ip6? (saddr|daddr)$/;
const portField = /^(tcp|udp|sctp|dccp|udplite|th) (sport|dport)$/;

function sideOf(word: string | undefined): Side {
  return word === "saddr" || word === "sport" ? "source" : "destination";
}

/** `0.0.0.0/0` and `::/0` are spelled so nowhere else. */
function rangesOf(key: string): readonly string[] {
  return key === "*" ? ["0.0.0.0/0", "::/0"] : [key];
}

function portIn(
  [, protocol, side]: readonly (string | undefined)[],
  ports: readonly PortInterval[],
  { negated, text }: { readonly negated: boolean; readonly text: string },
): Predicate {
  return {
    kind: "port-in",
    side: sideOf(side),
    protocol: protocol === "th" ? undefined : protocol,
    ports,
    negated,
    text,
  };
}

function portsOf(key: string): PortInterval | undefined {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(key) ?? [];
  if (key === "*") return { from: 0, to: 65_535 };
  return from === undefined ? undefined : { from: Number(from), to: Number(to) };
}

type Comparison = Pick<NftMatch, "operator" | "mask"> & { readonly text: string };

/** A field compared with one value, which may be a range or a list of flags. Undefined where it is not known. */
function compared(field: NftField, value: string, comparison: Comparison): readonly Predicate[] | undefined {
  const { operator, mask, text } = comparison;
  const negated = operator === "!=";
  const asked = { negated, text: negated ? text.replace(" != ", " ") : text };
  const mark = markOf(field);
  if (mark !== undefined) return markIs(mark, value, comparison);
  if (field === "tcp flags") return flagsAre(value, comparison);
  const chance = chanceOf(field, value, comparison);
  if (chance !== undefined) return [chance];
  if (mask !== undefined) return undefined;
  const port = portField.exec(field);
  if (port !== null) {
    const ports = portsCompared(value, operator);
    return ports === undefined ? undefined : [portIn(port, [ports], asked)];
  }
  if (operator !== undefined && operator !== "==" && !negated) return undefined;
  const address = addressField.exec(field);
  if (address !== null) return [{ kind: "address-in", side: sideOf(address[1]), ranges: rangesOf(value), ...asked }];
  return plain(field.replace(/^meta /, ""), value, asked);
}

/** Fields with values that have no order. */
function plain(
  field: NftField,
  value: string,
  asked: { readonly negated: boolean; readonly text: string },
): readonly Predicate[] | undefined {
  switch (field) {
    case "l4proto":
    case "ip protocol":
    case "ip6 nexthdr":
      return [{ kind: "protocol", protocol: protocolName(value), ...asked }];
    case "nfproto":
    case "protocol":
      if (!/^(?:ipv4|ipv6|ip|ip6)$/.test(value)) return undefined;
      return [{ kind: "family", family: value === "ipv4" || value === "ip" ? "ip" : "ip6", ...asked }];
    case "iifname":
    case "iif":
    case "oifname":
    case "oif":
      return [interfaceIs(field, unquoted(value), asked)];
    case "ct state":
      return [{ kind: "connection-state", states: value.toUpperCase().split(","), ...asked }];
    case "ct status":
      return value === "dnat" || value === "snat"
        ? [{ kind: "connection-state", states: [value.toUpperCase()], ...asked }]
        : undefined;
    case "ct direction":
      // The packets that are followed are those of the side that began.
      return (value === "original") === asked.negated ? [{ kind: "never", negated: false, text: asked.text }] : [];
    case "fib saddr type":
    case "fib daddr type":
      if (value !== "local") return undefined;
      return [{ kind: "local-address", side: field === "fib saddr type" ? "source" : "destination", ...asked }];
    case "icmp type":
    case "icmpv6 type":
      return [
        {
          kind: "icmp-type",
          protocol: field === "icmp type" ? "icmp" : "icmpv6",
          isEcho: value === "echo-request",
          ...asked,
        },
      ];
    default:
      return undefined;
  }
}

function interfaceIs(
  field: string,
  name: string,
  asked: { readonly negated: boolean; readonly text: string },
): Predicate {
  const isPrefix = name.endsWith("*");
  const side = field.startsWith("iif") ? "in" : "out";
  return { kind: "interface", side, name: isPrefix ? name.slice(0, -1) : name, isPrefix, ...asked };
}

function portsCompared(value: string, operator: NftMatch["operator"]): PortInterval | undefined {
  const ports = portsOf(value);
  if (ports === undefined) return undefined;
  switch (operator) {
    case "<":
      return { from: 0, to: ports.from - 1 };
    case "<=":
      return { from: 0, to: ports.from };
    case ">":
      return { from: ports.to + 1, to: 65_535 };
    case ">=":
      return { from: ports.to, to: 65_535 };
    default:
      return ports;
  }
}

/** Whose mark a field is. */
export function markOf(field: NftField): "packet" | "connection" | undefined {
  if (field === "meta mark" || field === "mark") return "packet";
  return field === "ct mark" ? "connection" : undefined;
}

/** `0x4000`, `0x00000000/1` (its first bit), or with a mask: `meta mark & 0x4000 != 0`. */
function markIs(
  of: "packet" | "connection",
  value: string,
  { operator, mask, text }: Comparison,
): readonly Predicate[] | undefined {
  const [number = "", bits] = value.split("/");
  const wanted = numberOf(number);
  const isOrdered = operator !== undefined && operator !== "==" && operator !== "!=";
  if (wanted === undefined || isOrdered || typeof mask === "string") return undefined;
  const compared = mask ?? (bits === undefined ? 0xffffffff : (0xffffffff << (32 - Number(bits))) >>> 0);
  const negated = operator === "!=";
  return [
    { kind: "mark", of, value: wanted, mask: compared, negated, text: negated ? text.replace(" != ", " ") : text },
  ];
}

const allFlags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECN", "CWR"];

/** `syn`, `== syn`, `& (fin | syn) == syn`, `syn / fin,syn`, `& (fin | syn) != 0x0`. */
function flagsAre(value: string, { operator, mask, text }: Comparison): readonly Predicate[] | undefined {
  const set = flagsIn(value);
  const masked = mask === undefined ? undefined : flagsIn(String(mask));
  if (set === undefined || (mask !== undefined && masked === undefined)) return undefined;
  const negated = operator === "!=";
  const asked = { negated, text: negated ? text.replace(" != ", " ") : text };
  if (masked !== undefined) return [{ kind: "tcp-flags", mask: masked, set, ...asked }];
  if (operator !== undefined) return [{ kind: "tcp-flags", mask: allFlags, set, ...asked }];
  // Any of them is set.
  return set.length === 1 ? [{ kind: "tcp-flags", mask: set, set, ...asked }] : undefined;
}

function flagsIn(text: string): readonly string[] | undefined {
  if (/^(?:0x0+|0)$/.test(text)) return [];
  const flags = text
    .toUpperCase()
    .split(/[\s,|()]+/)
    .filter((flag) => flag !== "");
  return flags.every((flag) => allFlags.includes(flag)) ? flags : undefined;
}

/** `numgen random mod 10 < 3`. */
function chanceOf(field: NftField, value: string, { operator, text }: Comparison): Predicate | undefined {
  const [, modulus] = /^numgen random mod (\d+)$/.exec(field) ?? [];
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(value) ?? [];
  if (modulus === undefined || from === undefined) return undefined;
  const of = Number(modulus);
  const counts = {
    "<": Number(from),
    "<=": Number(from) + 1,
    ">": of - Number(to) - 1,
    ">=": of - Number(to),
    "==": Number(to) - Number(from) + 1,
    "!=": of - (Number(to) - Number(from) + 1),
  };
  const numerator = Math.max(0, Math.min(of, counts[operator ?? "=="]));
  return { kind: "chance", numerator, denominator: of, negated: false, text };
}
