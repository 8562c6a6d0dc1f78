import { parseRule } from "./parse-rule.ts";
import { canonicalRanges } from "./ranges.ts";
import type { NftArithmetic, NftField, NftMatch, NftSource, NftStatement, NftTranslation, NftVerdict } from "./rule.ts";
import type { NftElement } from "./ruleset.ts";
import { joinWords, numberOf, unquoted, wordsOf } from "./words.ts";

/**
 * One spelling for all rules that mean the same: a listing of the kernel spells some things in another way than the text
 * that made them. Its own form is no rule that nft reads. A rule that is not understood is compared as it is spelled.
 */
export function canonicalRule(text: string): string {
  const rule = parseRule(text);
  if (rule === undefined) return joinWords(wordsOf(text));
  const statements = rule.statements.map(canonicalStatement).join("; ");
  return rule.comment === undefined ? statements : `${statements} # ${rule.comment}`;
}

/** The same without the comment, which no packet meets. */
export function withoutComment(text: string): string {
  return text.includes("comment") ? text.replace(/ ?\bcomment "[^"]*"/, "") : text;
}

/** The key of an element, without what an element says besides. */
export function canonicalKey(key: string): string {
  return key.split(" . ").map(canonicalValue).join(" . ");
}

/** What an element says besides its key: value and comment. */
export function canonicalRest({ value, comment, timeout }: NftElement): string {
  const parts = [value === undefined ? "" : canonicalData(value), comment ?? "", timeout ?? ""];
  return JSON.stringify(parts);
}

function canonicalStatement(statement: NftStatement): string {
  switch (statement.kind) {
    case "match":
      return canonicalMatch(statement);
    case "verdict":
      return canonicalVerdict(statement.verdict);
    case "verdict-map":
      return `${canonicalFields(statement.key)} vmap ${canonicalSource(statement.map)}`;
    case "set-field":
      return `${canonicalField(statement.field)} set ${statement.value === undefined ? statement.text : canonicalArithmetic(statement.value)}`;
    case "update-set":
      if (statement.hasMore) return joinWords(wordsOf(statement.text));
      return `${statement.operation} @${statement.set} ${canonicalFields(statement.key)}`;
    case "other":
      return joinWords(wordsOf(statement.text));
    default:
      return canonicalTranslation(statement);
  }
}

/** Of flags no operator asks for any of them, and `==` for all of them; of other fields both are the same. */
function canonicalMatch({ key, mask, operator, right }: NftMatch): string {
  const areFlags = key.length === 1 && flagFields.test(key[0] ?? "");
  const compares = operator === undefined || (operator === "==" && !areFlags) ? "is" : operator;
  const bits = mask === undefined ? "" : ` & ${typeof mask === "number" ? mask : canonicalValue(mask)}`;
  const [first, second] = right.kind === "elements" ? right.elements : [];
  const sign = first !== undefined && second === undefined ? highestBits(first.key) : undefined;
  if (sign !== undefined && bits === "") return `${canonicalFields(key)} & ${sign.mask} ${compares} ${sign.value}`;
  return `${canonicalFields(key)}${bits} ${compares} ${canonicalSource(right)}`;
}

const flagFields = /^(?:ct (?:state|status|label)|tcp flags|fib .* flags)$/;

/** nft prints a match on the highest bits of a mark as a prefix: `meta mark != 0x00000000/1`. */
function highestBits(text: string): { readonly mask: number; readonly value: number } | undefined {
  const [, word, bits] = /^(0x[\da-f]{8})\/(\d{1,2})$/i.exec(text) ?? [];
  const value = numberOf(word);
  if (value === undefined || bits === undefined) return undefined;
  return { mask: (0xffffffff << (32 - Number(bits))) >>> 0, value };
}

function canonicalVerdict(verdict: NftVerdict): string {
  switch (verdict.kind) {
    case "jump":
    case "goto":
      return `${verdict.kind} ${verdict.chain}`;
    case "reject":
      return usualReject.test(verdict.with ?? "") ? "reject" : `reject ${verdict.with}`;
    default:
      return verdict.kind;
  }
}

/** What nft fills in, and does not print, where a rule says none. */
const usualReject = /^(?:|(?:with )?(?:icmp|icmpv6|icmpx)(?: type)? port-unreachable)$/;

function canonicalTranslation({ kind, family, to, map, flags }: NftTranslation): string {
  const target = to === undefined ? "" : ` to ${canonicalData(to)}`;
  const mapped = map === undefined ? "" : ` to ${canonicalFields(map.key)} map ${canonicalSource(map.source)}`;
  // `dnat ip to` in a table of this family is the same as `dnat to`.
  const how = [...flags].sort().map((flag) => ` ${flag}`);
  return `${kind}${family === undefined || target !== "" || mapped !== "" ? "" : ` ${family}`}${target}${mapped}${how.join("")}`;
}

function canonicalSource(source: NftSource): string {
  if (source.kind === "named") return `@${source.name}`;
  const { elements } = source;
  const [first] = elements;
  if (first?.value !== undefined)
    return `{ ${elements
      .map(({ key, value }) => `${canonicalKey(key)} : ${canonicalData(value ?? "")}`)
      .sort()
      .join(", ")} }`;
  const keys = elements.map(({ key }) => key);
  const values = canonicalRanges(keys) ?? [...new Set(keys.map(canonicalKey))].sort();
  return values.length === 1 ? values.join() : `{ ${values.join(", ")} }`;
}

function canonicalArithmetic({ of, keep, flip }: NftArithmetic): string {
  return `(${of === undefined ? "" : canonicalField(of)} & ${keep}) ^ ${flip}`;
}

function canonicalFields(key: readonly NftField[]): string {
  return key.map(canonicalField).join(" . ");
}

/** `meta mark` and `mark`, `meta iifname` and `iifname`. */
function canonicalField(field: NftField): string {
  return field.startsWith("meta ") ? field.slice("meta ".length) : field;
}

/** A verdict, or values that packets are given: `goto x`, `10.0.0.1 . 80`, `10.0.0.1:80`. */
function canonicalData(value: string): string {
  return value
    .split(" ")
    .map((word) => (word === "." ? word : canonicalValue(word)))
    .join(" ");
}

/** One word: an address or a network, a number, a name in quotation marks or none, flags in any order. */
function canonicalValue(word: string): string {
  const bare = unquoted(word);
  const [range] = canonicalRanges([bare]) ?? [];
  if (range !== undefined) return range;
  return bare.includes(",") ? bare.split(",").sort().join(",") : bare;
}
