import { isLabelValue, isQualifiedName } from "../model/fields/names.ts";

/** A label selector: labels match if all requirements match. */
export interface LabelSelector {
  /** As it was written. */
  readonly text: string;
  readonly requirements: readonly Requirement[];
}

export interface Requirement {
  readonly key: string;
  readonly operator: "in" | "not-in" | "exists" | "absent" | "greater" | "less";
  readonly values: readonly string[];
}

export interface SelectorProblem {
  /** Where, counted from 0. */
  readonly at: number;
  readonly message: string;
}

type Labels = Readonly<Record<string, string>>;

/** Whether labels match. `!=` and `notin` also match without the label (Requirement.Matches of apimachinery). */
export function matchesLabels(labels: Labels, { requirements }: LabelSelector): boolean {
  return requirements.every((requirement) => {
    const { key } = requirement;
    return holds(requirement, Object.hasOwn(labels, key) ? labels[key] : undefined);
  });
}

function holds({ operator, values }: Requirement, label: string | undefined): boolean {
  const [value = ""] = values;
  switch (operator) {
    case "in":
      return label !== undefined && values.includes(label);
    case "not-in":
      return label === undefined || !values.includes(label);
    case "exists":
      return label !== undefined;
    case "absent":
      return label === undefined;
    case "greater":
      return label !== undefined && number.test(label) && BigInt(label) > BigInt(value);
    case "less":
      return label !== undefined && number.test(label) && BigInt(label) < BigInt(value);
  }
}

const number = /^\d+$/;

/** Reads a selector as kubectl's -l takes it: `app=web,tier in (a, b),!canary` (labels.Parse of apimachinery). */
export function parseSelector(text: string): LabelSelector | SelectorProblem {
  const cursor: Cursor = { tokens: tokensOf(text), next: 0 };
  const requirements: Requirement[] = [];
  for (;;) {
    const requirement = parseRequirement(cursor);
    if (isProblem(requirement)) return requirement;
    requirements.push(requirement);
    const token = take(cursor);
    if (token.kind === "end") return { text, requirements };
    if (token.text !== ",") return expected("a comma or the end", token);
  }
}

export function isProblem(read: object): read is SelectorProblem {
  return "message" in read;
}

interface Token {
  readonly kind: "word" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

interface Cursor {
  readonly tokens: readonly Token[];
  next: number;
}

function tokensOf(text: string): readonly Token[] {
  const found = [...text.matchAll(/(==|!=|[=!(),<>])|[^ \t\r\n=!(),<>]+/g)].map(
    ([word, sign], index, all): Token => ({
      kind: sign === undefined ? "word" : "sign",
      text: word,
      at: all[index]?.index ?? 0,
    }),
  );
  return [...found, { kind: "end", text: "", at: text.length }];
}

function peek({ tokens, next }: Cursor): Token {
  return tokens[Math.min(next, tokens.length - 1)] as Token;
}

function take(cursor: Cursor): Token {
  const token = peek(cursor);
  cursor.next += 1;
  return token;
}

function expected(what: string, { kind, text, at }: Token): SelectorProblem {
  return { at, message: `expected ${what}, not ${kind === "end" ? "the end" : text}` };
}

function parseRequirement(cursor: Cursor): Requirement | SelectorProblem {
  const isAbsent = peek(cursor).text === "!";
  if (isAbsent) take(cursor);
  const { kind, text: key, at } = peek(cursor);
  if (kind !== "word") return expected("a label", take(cursor));
  if (!isQualifiedName(key)) return { at, message: `${key} is not a valid label key` };
  take(cursor);
  if (isAbsent) return { key, operator: "absent", values: [] };
  const sign = peek(cursor);
  if (sign.kind === "end" || sign.text === ",") return { key, operator: "exists", values: [] };
  const operator = operators.get(take(cursor).text);
  if (operator === undefined) return expected("=, !=, in, notin or a comma", sign);
  const values = sign.kind === "word" ? parseValues(cursor) : parseValue(cursor);
  if (isProblem(values)) return values;
  if (!/[<>]/.test(sign.text) || number.test(values[0] ?? "")) return { key, operator, values };
  return { at: sign.at, message: `expected a whole number after ${sign.text}` };
}

const operators: ReadonlyMap<string, Requirement["operator"]> = new Map([
  ["=", "in"],
  ["==", "in"],
  ["!=", "not-in"],
  ["in", "in"],
  ["notin", "not-in"],
  [">", "greater"],
  ["<", "less"],
]);

/** The value after `=`; it may be empty. */
function parseValue(cursor: Cursor): readonly string[] | SelectorProblem {
  const token = peek(cursor);
  if (token.kind === "end" || token.text === ",") return [""];
  take(cursor);
  return token.kind === "word" ? checkedValue(token) : expected("a value", token);
}

/** `(a, b)`. One of the values may be empty. */
function parseValues(cursor: Cursor): readonly string[] | SelectorProblem {
  const open = take(cursor);
  if (open.text !== "(") return expected("(", open);
  const values: string[] = [];
  for (;;) {
    const read = peek(cursor).kind === "word" ? checkedValue(take(cursor)) : [""];
    if (isProblem(read)) return read;
    values.push(...read);
    const token = take(cursor);
    if (token.text === ")") return values.join("") === "" && values.length === 1 ? noValue(token) : values;
    if (token.text !== ",") return expected(", or )", token);
  }
}

function noValue({ at }: Token): SelectorProblem {
  return { at, message: "expected a value between the brackets" };
}

function checkedValue({ text, at }: Token): readonly string[] | SelectorProblem {
  if (isLabelValue(text)) return [text];
  const hint = /["']/.test(text) ? ": selectors have no quotes" : "";
  return { at, message: `${text} is not a valid label value${hint}` };
}
