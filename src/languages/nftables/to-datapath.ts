import type { Action, ActionStep, Choice, PacketRule, Predicate, RuleReader } from "../../ir/datapath.ts";
import { parseRule } from "./parse-rule.ts";
import { elementsOf, markOf, predicatesFor, type Scope } from "./predicates.ts";
import type { NftRule, NftSource, NftStatement, NftTranslation, NftVerdict } from "./rule.ts";
import type { NftElement } from "./ruleset.ts";
import { chainsNamed, numberOf, setsNamed } from "./words.ts";

const language = "nftables";

/** Reads rules of one table, whose sets and maps they name. */
export function readerFor(scope: Scope): RuleReader {
  return {
    read: ({ text, number }) => {
      const rule = parseRule(text);
      if (rule !== undefined) return packetRule(rule, { text, line: number }, scope);
      return { line: number, text, predicates: [], action: { kind: "unknown", text, ends: false }, language };
    },
    peekDestination: (text) => destinationFirst.exec(text)?.[1],
    mayAskDestination: (text) => /\bdaddr\b|\bdport\b/.test(text),
    mayTranslate: (text) => /\b(?:dnat|redirect|tproxy|fwd|set)\b/.test(text),
    targetsOf: (text) => [
      ...chainsNamed(text),
      ...setsNamed(text).flatMap((name) => targetsOfElements(scope.sets.get(name)?.elements ?? [])),
    ],
    setsOf: setsNamed,
    peekTranslations: (text) => {
      const [, v4, v6] = oneTarget.exec(text) ?? [];
      const one = v4 ?? v6;
      if (one !== undefined) return [one];
      const [, elements] = equalTargets.exec(text) ?? [];
      return elements === undefined ? undefined : [...elements.matchAll(/ : (\S+) \. /g)].map(([, to = ""]) => to);
    },
  };
}

const ofElements = new WeakMap<readonly NftElement[], readonly string[]>();

/** Cached: a map may have an element for each service port. */
function targetsOfElements(elements: readonly NftElement[]): readonly string[] {
  const known = ofElements.get(elements);
  if (known !== undefined) return known;
  const found = elements.flatMap(({ value }) => (value === undefined ? [] : chainsNamed(value)));
  ofElements.set(elements, found);
  return found;
}

const destinationFirst = /^ip6? daddr ([\da-f.:]+) (?!\.)/;
/** `meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.0.1.5 . 8080, 1 : 10.0.2.6 . 8080 }` */
const equalTargets =
  /^meta l4proto [a-z]+ dnat (?:ip6? )?(?:addr \. port )?to numgen random mod \d+ map \{((?: \d+ : [\da-f.:]+ \. \d+,?)+) \}$/;
const oneTarget = /^meta l4proto [a-z]+ dnat to (?:([\d.]+)|\[([\da-f:]+)\]):\d+$/;

function packetRule(rule: NftRule, { text, line }: Pick<PacketRule, "text" | "line">, scope: Scope): PacketRule {
  const steps = rule.statements.flatMap((statement) => stepsOf(statement, scope));
  const first = steps.findIndex(({ kind }) => kind !== "match");
  const leading = (first < 0 ? steps : steps.slice(0, first)).flatMap((step) =>
    step.kind === "match" ? step.predicates : [],
  );
  return { line, text, predicates: leading, action: joined(first < 0 ? [] : steps.slice(first)), language };
}

function joined(steps: readonly ActionStep[]): Action {
  const telling = steps.filter(({ kind }) => kind !== "continue");
  const [only] = telling;
  if (only === undefined) return { kind: "continue" };
  return telling.length === 1 && only.kind !== "match" ? only : { kind: "sequence", steps: telling };
}

function stepsOf(statement: NftStatement, scope: Scope): readonly ActionStep[] {
  switch (statement.kind) {
    case "match":
      return [{ kind: "match", predicates: predicatesFor(statement, scope) }];
    case "verdict":
      return [...ofFamily(rejectedFamily(statement.verdict), scope), verdictAction(statement.verdict)];
    case "verdict-map":
      return [mapAction(statement.key, statement.map, { scope, text: statement.text, value: verdictOfValue })];
    case "dnat":
    case "snat":
    case "redirect":
    case "masquerade":
      return [...ofFamily(statement.family, scope), translation(statement, scope)];
    case "set-field":
      return [setField(statement)];
    case "update-set":
      return [{ kind: "match", predicates: [updateOf(statement, scope)] }];
    case "other":
      return [otherStep(statement)];
  }
}

/** In a table of both families these statements act on packets of one only. */
function ofFamily(family: "ip" | "ip6" | undefined, scope: Scope): readonly ActionStep[] {
  if (family === undefined || scope.family !== "inet") return [];
  const text = `meta nfproto ${family === "ip" ? "ipv4" : "ipv6"}`;
  return [{ kind: "match", predicates: [{ kind: "family", family, negated: false, text }] }];
}

function rejectedFamily(verdict: NftVerdict): "ip" | "ip6" | undefined {
  const reason = verdict.kind === "reject" ? verdict.with : undefined;
  return reason?.startsWith("icmp ") === true ? "ip" : reason?.startsWith("icmpv6 ") === true ? "ip6" : undefined;
}

function verdictAction(verdict: NftVerdict): Action {
  switch (verdict.kind) {
    case "accept":
    case "drop":
    case "return":
      return { kind: "verdict", verdict: verdict.kind };
    case "continue":
      return { kind: "continue" };
    case "jump":
      return { kind: "jump", chain: verdict.chain, isOptional: false };
    case "goto":
      return { kind: "goto", chain: verdict.chain };
    case "reject":
      return { kind: "reject", with: verdict.with };
  }
}

interface MapContext {
  readonly scope: Scope;
  readonly text: string;
  /** The action of an element's value. */
  readonly value: (value: string) => Action | undefined;
}

function verdictOfValue(value: string): Action | undefined {
  const [kind = "", chain = ""] = value.split(" ");
  switch (kind) {
    case "accept":
    case "drop":
    case "return":
    case "continue":
      return verdictAction({ kind });
    case "jump":
    case "goto":
      return verdictAction({ kind, chain });
    default:
      return undefined;
  }
}

/** A map by fields of the packet, or by a generated number. */
function mapAction(key: readonly string[], source: NftSource, context: MapContext): Action {
  const { scope, text, value } = context;
  const unknown: Action = { kind: "unknown", text, ends: false };
  const actionOf = (spelled: string | undefined): Action =>
    (spelled === undefined ? undefined : value(spelled)) ?? unknown;
  const [field = ""] = key;
  const generator = key.length === 1 ? generatorOf(field) : undefined;
  if (generator !== undefined) {
    const choices =
      source.kind === "elements" ? source.elements.map((each) => choiceOf(each.key, actionOf(each.value))) : [];
    if (choices.length === 0 || choices.some((choice) => choice === undefined)) return unknown;
    return { kind: "share-out", ...generator, choices: choices.filter((choice) => choice !== undefined) };
  }
  const elements = elementsOf(key, source, scope, actionOf);
  return elements === undefined ? unknown : { kind: "by-element", elements };
}

/** `numgen random mod 3 offset 1`, `numgen inc mod 2`, `jhash ip saddr mod 2`, `symhash mod 2`. */
function generatorOf(
  field: string,
): { readonly of: number; readonly by: "random" | "source" | "turn" | "unknown" } | undefined {
  const [, how = "", modulus = ""] =
    /^(numgen random|numgen inc|jhash .*?|symhash) mod (\d+)(?: seed \S+)?$/.exec(field) ?? [];
  const of = numberOf(modulus);
  if (of === undefined || of === 0) return undefined;
  if (how === "numgen random") return { of, by: "random" };
  if (how === "numgen inc") return { of, by: "turn" };
  return { of, by: /^jhash ip6? saddr$/.test(how) ? "source" : "unknown" };
}

/** `0`, or `2-5`. */
function choiceOf(key: string, action: Action): Choice | undefined {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(key) ?? [];
  return from === undefined ? undefined : { from: Number(from), to: Number(to), text: key, action };
}

function translation(statement: NftTranslation & { readonly text: string }, scope: Scope): Action {
  const { kind, to, map, flags, text } = statement;
  if (kind === "masquerade") return { kind: "masquerade" };
  const isRandom = flags.includes("random") || flags.includes("fully-random");
  if (kind === "snat") return { kind: "snat", address: map === undefined ? targetOf(to ?? "")?.address : undefined };
  if (map !== undefined) {
    const value = (spelled: string): Action | undefined => dnatTo(spelled, { isRandom, text: `dnat to ${spelled}` });
    return mapAction(map.key, map.source, { scope, text, value });
  }
  if (kind === "redirect") {
    const ports = to === undefined ? undefined : targetOf(to)?.ports;
    if (to !== undefined && ports === undefined) return { kind: "unknown", text, ends: true };
    return { kind: "dnat", to: { kind: "this-node" }, ports, isRandom, text };
  }
  return dnatTo(to ?? "", { isRandom, text }) ?? { kind: "unknown", text, ends: true };
}

function dnatTo(
  spelled: string,
  { isRandom, text }: { readonly isRandom: boolean; readonly text: string },
): Action | undefined {
  const target = targetOf(spelled);
  if (target === undefined) return undefined;
  const { address, ports } = target;
  const to = address === "" ? ({ kind: "unchanged" } as const) : ({ kind: "address", address } as const);
  return { kind: "dnat", to, ports, isRandom, text };
}

const targetForms = [
  /^\[([\da-f:.]+)\](?::(\d+)(?:-(\d+))?)?$/,
  /^([\d.]*)(?::(\d+)(?:-(\d+))?)?$/,
  /^([\d.]+|[\da-f:.]*:[\da-f:.]*) \. (\d+)(?:-(\d+))?$/,
  /^([\da-f]*:[\da-f:.]*:[\da-f.]*)$/,
];

/** `10.0.0.1:80`, `[fd00::1]:80-90`, `10.0.0.1 . 80`, `fd00::1`, `:80`; a range of addresses is not known. */
function targetOf(
  spelled: string,
): (Pick<Extract<Action, { kind: "dnat" }>, "ports"> & { readonly address: string }) | undefined {
  for (const form of targetForms) {
    const [whole, address = "", from, to = from] = form.exec(spelled) ?? [];
    if (whole === undefined || whole === "") continue;
    return { address, ports: from === undefined ? undefined : { from: Number(from), to: Number(to) } };
  }
  return undefined;
}

/** Fields that say where a packet goes: written without conntrack. */
const addressed = /^(?:ip6? (?:saddr|daddr)|(?:tcp|udp|sctp|th) (?:sport|dport))$/;

function setField(statement: Extract<NftStatement, { readonly kind: "set-field" }>): Action {
  const { field, value, text } = statement;
  const of = markOf(field);
  if (of === undefined) return addressed.test(field) ? { kind: "unknown", text, ends: true } : { kind: "continue" };
  const from = value?.of === undefined ? of : markOf(value.of);
  if (value === undefined || from === undefined) return { kind: "unknown", text, ends: false };
  const { keep, flip } = value;
  if (from === of) return { kind: "set-mark", of, value: flip, mask: ~keep >>> 0 };
  if (flip !== 0) return { kind: "unknown", text, ends: false };
  return of === "packet"
    ? { kind: "restore-mark", packetMask: 0xffffffff, connectionMask: keep, text }
    : { kind: "save-mark", packetMask: keep, connectionMask: 0xffffffff, text };
}

/** A client that a rule enters into a set is found there from then on. */
function updateOf(statement: Extract<NftStatement, { readonly kind: "update-set" }>, scope: Scope): Predicate {
  const { operation, set, key, hasMore, text } = statement;
  const [field, second] = key;
  const isClient = second === undefined && /^ip6? saddr$/.test(field ?? "");
  if (operation === "delete" || hasMore || !isClient) return { kind: "unknown", isFickle: true, negated: false, text };
  const seconds = scope.sets.get(set)?.timeout;
  return { kind: "recent", action: "set", seconds, list: set, side: "source", negated: false, text };
}

function otherStep({ effect, text }: Extract<NftStatement, { readonly kind: "other" }>): ActionStep {
  switch (effect) {
    case "goes-on":
      return { kind: "continue" };
    case "no-track":
      return { kind: "no-track" };
    case "depends":
      return { kind: "match", predicates: [{ kind: "unknown", isFickle: true, negated: false, text }] };
    case "may-end":
      return { kind: "unknown", text, ends: false };
    case "ends":
      return { kind: "unknown", text, ends: true };
  }
}
