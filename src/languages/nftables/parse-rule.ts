import { elementOf } from "./read-ruleset.ts";
import type { NftArithmetic, NftField, NftMatch, NftRule, NftSource, NftStatement, NftVerdict } from "./rule.ts";
import { joinWords, numberOf, splitWords, unquoted, wordsOf } from "./words.ts";

/** Parses the text of a rule; undefined for a statement that is not known, whose effect cannot be told. */
export function parseRule(text: string): NftRule | undefined {
  const words: Words = { all: wordsOf(text), at: 0 };
  const statements: NftStatement[] = [];
  let comment: string | undefined;
  while (words.at < words.all.length) {
    if (peek(words) === "comment") {
      comment = unquoted(words.all[words.at + 1] ?? "");
      words.at += 2;
      continue;
    }
    const start = words.at;
    const statement = takeStatement(words);
    if (statement === undefined) return undefined;
    statements.push({ ...statement, text: joinWords(words.all.slice(start, words.at)) });
  }
  return { statements, comment };
}

/** The words of a rule, and how far they are read. */
interface Words {
  readonly all: readonly string[];
  at: number;
}

/** A statement without its text. */
type Bare<Statement = NftStatement> = Statement extends unknown ? Omit<Statement, "text"> : never;

function peek({ all, at }: Words, ahead = 0): string {
  return all[at + ahead] ?? "";
}

function take(words: Words): string {
  const word = peek(words);
  words.at += 1;
  return word;
}

/** Takes these words if they come next. */
function takeIf(words: Words, ...wanted: readonly string[]): boolean {
  if (!wanted.every((word, ahead) => peek(words, ahead) === word)) return false;
  words.at += wanted.length;
  return true;
}

function takeStatement(words: Words): Bare | undefined {
  const verdict = takeVerdict(words);
  if (verdict !== undefined) return { kind: "verdict", verdict };
  const [first, second] = [peek(words), peek(words, 1)];
  if (first === "dnat" || first === "snat" || first === "masquerade" || first === "redirect")
    return takeTranslation(words, first);
  if ((first === "add" || first === "update" || first === "delete") && second.startsWith("@"))
    return takeUpdate(words, first);
  return takeOther(words) ?? takeFieldStatement(words);
}

function takeVerdict(words: Words): NftVerdict | undefined {
  const first = peek(words);
  switch (first) {
    case "accept":
    case "drop":
    case "return":
    case "continue":
      words.at += 1;
      return { kind: first };
    case "jump":
    case "goto":
      words.at += 1;
      return { kind: first, chain: unquoted(take(words)) };
    case "reject":
      words.at += 1;
      return { kind: "reject", with: takeIf(words, "with") ? takeRest(words) : undefined };
    default:
      return undefined;
  }
}

/** `icmp type port-unreachable`, `tcp reset`: what stands before a comment. */
function takeRest(words: Words): string {
  const rest: string[] = [];
  while (words.at < words.all.length && peek(words) !== "comment") rest.push(take(words));
  return rest.join(" ");
}

const flagsOfNat: ReadonlySet<string> = new Set(["random", "fully-random", "persistent"]);

function takeTranslation(words: Words, kind: "dnat" | "snat" | "masquerade" | "redirect"): Bare | undefined {
  words.at += 1;
  const next = peek(words);
  const family = next === "ip" || next === "ip6" ? next : undefined;
  if (family !== undefined) words.at += 1;
  // `dnat ip prefix to`, `dnat ip addr . port to`: what the map holds.
  if (takeIf(words, "prefix") || takeIf(words, "interval")) return undefined;
  takeIf(words, "addr", ".", "port");
  let to: string | undefined;
  let map: { key: readonly NftField[]; source: NftSource } | undefined;
  if (takeIf(words, "to")) {
    const key = takeKey(words);
    if (key === undefined) to = joinWords(takeValue(words));
    else {
      if (!takeIf(words, "map")) return undefined;
      const source = takeSource(words);
      if (source === undefined) return undefined;
      map = { key, source };
    }
  }
  const flags: string[] = [];
  while (flagsOfNat.has(peek(words).split(",")[0] ?? "")) flags.push(...take(words).split(","));
  return { kind, family, to, map, flags };
}

function takeUpdate(words: Words, operation: "add" | "update" | "delete"): Bare | undefined {
  words.at += 1;
  const set = take(words).slice(1);
  const inner = takeBraces(words);
  if (inner === undefined) return undefined;
  const element: Words = { all: inner, at: 0 };
  const key = takeKey(element);
  if (key === undefined) return undefined;
  if (takeIf(element, "timeout")) take(element);
  return { kind: "update-set", operation, set, key, hasMore: element.at < inner.length };
}

/** The words between braces; none where no brace opens here. */
function takeBraces(words: Words): readonly string[] | undefined {
  const start = words.at + 1;
  let depth = 0;
  while (words.at < words.all.length) {
    const word = take(words);
    if (word === "{") depth += 1;
    if (word === "}") depth -= 1;
    if (depth === 0) return words.all.slice(start, words.at - 1);
  }
  return undefined;
}

type OtherEffect = Extract<NftStatement, { readonly kind: "other" }>["effect"];

/** Statements by their first word: their effect, and how many words belong to them, the first with them. */
const others: Readonly<Record<string, { readonly effect: OtherEffect; readonly length: (words: Words) => number }>> = {
  counter: { effect: "goes-on", length: (words) => namedOr(words, () => (peek(words, 1) === "packets" ? 5 : 1)) },
  last: { effect: "goes-on", length: (words) => (peek(words, 1) === "used" ? 3 : 1) },
  log: { effect: "goes-on", length: optionsOf(/^(?:prefix|level|group|snaplen|queue-threshold|flags)$/) },
  limit: { effect: "depends", length: (words) => namedOr(words, () => lengthOfLimit(words)) },
  quota: { effect: "depends", length: (words) => namedOr(words, () => lengthOfQuota(words)) },
  queue: { effect: "ends", length: toTheEnd },
  tproxy: { effect: "ends", length: toTheEnd },
  synproxy: { effect: "ends", length: toTheEnd },
  fwd: { effect: "ends", length: toTheEnd },
  dup: { effect: "goes-on", length: toTheEnd },
  flow: { effect: "goes-on", length: () => 3 },
  notrack: { effect: "no-track", length: () => 1 },
  xt: { effect: "may-end", length: () => 3 },
};

function takeOther(words: Words): Bare | undefined {
  const known = others[peek(words)];
  // `ct count over 5` passes or not; `ct helper set "ftp"` changes nothing that a packet meets here.
  if (peek(words) === "ct" && peek(words, 1) === "count") {
    words.at += peek(words, 2) === "over" ? 4 : 3;
    return { kind: "other", effect: "depends" };
  }
  if (known === undefined) return undefined;
  words.at = Math.min(words.at + known.length(words), words.all.length);
  return { kind: "other", effect: known.effect };
}

function namedOr(words: Words, other: () => number): number {
  return peek(words, 1) === "name" ? 3 : other();
}

/** Options with a value each: `log prefix "x" level debug`. */
function optionsOf(option: RegExp): (words: Words) => number {
  return (words) => {
    let length = 1;
    while (option.test(peek(words, length))) length += 2;
    return length;
  };
}

/** `limit rate [over] 10/second [burst 5 packets]`, `limit rate 1 mbytes/second burst 5 kbytes`. */
function lengthOfLimit(words: Words): number {
  let length = peek(words, 2) === "over" ? 3 : 2;
  length += peek(words, length).includes("/") ? 1 : 2;
  return peek(words, length) === "burst" ? length + 3 : length;
}

/** `quota [over|until] 5 mbytes [used 3 kbytes]`. */
function lengthOfQuota(words: Words): number {
  const length = /^(?:over|until)$/.test(peek(words, 1)) ? 4 : 3;
  return peek(words, length) === "used" ? length + 3 : length;
}

function toTheEnd({ all, at }: Words): number {
  const comment = all.indexOf("comment", at);
  return (comment < 0 ? all.length : comment) - at;
}

/** What begins with a field of the packet: a match, a verdict map or an assignment. */
function takeFieldStatement(words: Words): Bare | undefined {
  const key = takeKey(words);
  if (key?.[0] === undefined) return undefined;
  if (takeIf(words, "vmap")) {
    const map = takeSource(words);
    return map === undefined ? undefined : { kind: "verdict-map", key, map };
  }
  if (takeIf(words, "set")) return { kind: "set-field", field: key[0], value: takeArithmetic(words) };
  return takeMatch(words, key);
}

const operators: ReadonlySet<string> = new Set(["==", "!=", "<", ">", "<=", ">="]);

function takeMatch(words: Words, key: readonly NftField[]): Bare<{ readonly text: string } & NftMatch> | undefined {
  let mask: number | string | undefined;
  if (takeIf(words, "&")) {
    const value = joinWords(takeValue(words));
    mask = numberOf(value) ?? value;
  }
  const operator = operators.has(peek(words)) ? (take(words) as NftMatch["operator"]) : undefined;
  const right = takeSource(words);
  if (right === undefined) return undefined;
  // `tcp flags syn / fin,syn,rst,ack`
  if (mask === undefined && takeIf(words, "/")) mask = take(words);
  return { kind: "match", key, mask, operator, right };
}

/** `@name`, `{ a, b : c }`, or one value. */
function takeSource(words: Words): NftSource | undefined {
  if (peek(words).startsWith("@")) return { kind: "named", name: take(words).slice(1) };
  if (peek(words) === "{") {
    const inner = takeBraces(words);
    if (inner === undefined) return undefined;
    return { kind: "elements", elements: splitWords(inner, ",").map((element) => elementOf(element, 0)) };
  }
  const value = takeValue(words);
  return value.length === 0 ? undefined : { kind: "elements", elements: [elementOf(value, 0)] };
}

/** A value: `10.0.0.1`, `10.0.0.1 . tcp . 80`, `fin | syn`, `( fin | syn )`. */
function takeValue(words: Words): readonly string[] {
  const value: string[] = [];
  do {
    if (value.length > 0) value.push(take(words));
    if (peek(words) === "(") while (words.at < words.all.length && value.at(-1) !== ")") value.push(take(words));
    else if (words.at < words.all.length) value.push(take(words));
  } while (peek(words) === "." || peek(words) === "|");
  return value;
}

/** `0x1`, `meta mark | 0x4000`, `meta mark & 0xffffbfff ^ 0x1`, `ct mark`. */
function takeArithmetic(words: Words): NftArithmetic | undefined {
  const keyed = takeKey(words);
  const of = keyed?.[0];
  let [keep, flip] = [0xffffffff, 0];
  if (of === undefined) {
    const value = numberOf(take(words));
    if (value === undefined) return undefined;
    [keep, flip] = [0, value];
  }
  while (peek(words) === "&" || peek(words) === "|" || peek(words) === "^") {
    const operator = take(words);
    const value = numberOf(take(words));
    if (value === undefined) return undefined;
    if (operator === "&") [keep, flip] = [keep & value, flip & value];
    else if (operator === "|") [keep, flip] = [keep & ~value, (flip & ~value) | value];
    else flip ^= value;
  }
  return { of, keep: keep >>> 0, flip: flip >>> 0 };
}

/** A concatenation of fields; undefined where none begins here. */
function takeKey(words: Words): readonly NftField[] | undefined {
  const key: NftField[] = [];
  const start = words.at;
  do {
    const length = lengthOfField(words);
    if (length === 0) {
      words.at = start;
      return undefined;
    }
    key.push(words.all.slice(words.at, words.at + length).join(" "));
    words.at += length;
  } while (takeIf(words, "."));
  return key;
}

const metaKeys =
  /^(?:iif|oif|iifname|oifname|iiftype|oiftype|iifkind|oifkind|iifgroup|oifgroup|mark|skuid|skgid|rtclassid|nftrace|cgroup|pkttype|cpu|length|protocol|nfproto|l4proto|priority|hour|day|time|ibrname|obrname|ibridgename|obridgename|sdif|sdifname|random|secpath|ipsec)$/;
const headers =
  /^(?:ip|ip6|tcp|udp|udplite|sctp|dccp|th|icmp|icmpv6|igmp|ah|esp|comp|ether|vlan|arp|hbh|frag|mh|dst|srh|gre|geneve|vxlan)$/;

/** The number of words of the field that begins here; 0 where none does. */
function lengthOfField(words: Words): number {
  const [first, second] = [peek(words), peek(words, 1)];
  if (first === "meta") return metaKeys.test(second) ? 2 : 0;
  if (headers.test(first)) return second === "option" ? 4 : second === "" ? 0 : 2;
  // Only `meta ipsec` is the field of that name.
  if (first === "ipsec") return 3;
  if (metaKeys.test(first)) return 1;
  if (/^@(?:ll|nh|th|ih),\d+,\d+$/.test(first)) return 1;
  if (first === "ct") {
    const direction = second === "original" || second === "reply" ? 2 : 1;
    return direction + (/^(?:ip|ip6)$/.test(peek(words, direction)) ? 2 : 1);
  }
  if (first === "fib") return lengthOfFib(words);
  if (first === "numgen") return peek(words, 4) === "offset" ? 6 : 4;
  if (first === "symhash") return peek(words, 3) === "offset" ? 5 : 3;
  if (first === "jhash") return lengthOfHash(words);
  if (first === "socket" || first === "osf") return second === "cgroupv2" ? 4 : 2;
  if (first === "rt") return second === "ip" || second === "ip6" ? 3 : 2;
  return 0;
}

/** `fib saddr type`, `fib daddr . iif oifname`. */
function lengthOfFib(words: Words): number {
  let length = 2;
  while (peek(words, length) === ".") length += 2;
  return length + 1;
}

/** `jhash ip saddr . tcp dport mod 2 seed 0x1 offset 5`. */
function lengthOfHash(words: Words): number {
  let length = 1;
  while (words.at + length < words.all.length && peek(words, length) !== "mod") length += 1;
  length += 2;
  for (const option of ["seed", "offset"]) if (peek(words, length) === option) length += 2;
  return length;
}
