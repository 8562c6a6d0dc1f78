import {
  elementText,
  type NftChain,
  type NftElement,
  type NftLine,
  type NftSet,
  type NftTable,
  type Ruleset,
  type TableFamily,
  tableFamilies,
} from "./ruleset.ts";

/**
 * What `nft -j list ruleset` prints, as the ruleset of which it is another form. Undefined for text that is none.
 * Its rules are spelled as in a listing; a part that is not known is spelled as JSON, which no reader of rules
 * understands.
 */
export function rulesetOfJson(text: string): Ruleset | undefined {
  const objects = objectsIn(text);
  if (objects === undefined) return undefined;
  const tables = new Map<string, OpenTable>();
  for (const object of objects) {
    for (const [kind, value] of Object.entries(object)) if (isRecord(value)) enter(tables, kind, value);
  }
  return { tables: [...tables.values()] };
}

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

interface OpenTable extends NftTable {
  readonly chains: Map<string, NftChain & { readonly rules: NftLine[] }>;
  readonly sets: Map<string, NftSet>;
}

function objectsIn(text: string): readonly JsonObject[] | undefined {
  let whole: Json;
  try {
    whole = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = isRecord(whole) ? whole.nftables : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : undefined;
}

function isRecord(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: Json): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: Json): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** nft leaves out the brackets of a list with one value. */
function listOf(value: Json): readonly string[] {
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
}

function enter(tables: Map<string, OpenTable>, kind: string, value: JsonObject): void {
  const [family, name] = [String(value.family), String(kind === "table" ? value.name : value.table)];
  if (!(tableFamilies as readonly string[]).includes(family) || name === "undefined") return;
  const key = `${family} ${name}`;
  const table = tables.get(key) ?? emptyTable(family as TableFamily, name);
  tables.set(key, table);
  if (kind === "chain") enterChain(table, value);
  else if (kind === "set" || kind === "map") table.sets.set(String(value.name), setOf(kind, value));
  else if (kind === "rule") enterRule(table, value);
}

function emptyTable(family: TableFamily, name: string): OpenTable {
  return { family, name, file: "", line: 1, comment: undefined, flags: [], chains: new Map(), sets: new Map() };
}

function enterChain(table: OpenTable, { name, type, hook, prio, policy, dev, comment }: JsonObject): void {
  const base =
    hook === undefined
      ? undefined
      : {
          type: String(type),
          hook: String(hook),
          priority: numberOf(prio),
          policy: policy === "drop" ? ("drop" as const) : ("accept" as const),
          device: textOf(dev),
        };
  table.chains.set(String(name), { name: String(name), file: "", line: 1, comment: textOf(comment), base, rules: [] });
}

function enterRule(table: OpenTable, { chain, expr, comment }: JsonObject): void {
  const words = (Array.isArray(expr) ? expr : []).map(statement);
  const note = typeof comment === "string" ? [`comment "${comment}"`] : [];
  table.chains.get(String(chain))?.rules.push({ text: [...words, ...note].join(" "), file: "", line: 1 });
}

/** `nft -j` leaves "dynamic" out of the flags (1.0.6): a set with a timeout that is filled by rules has a size. */
function setOf(kind: "set" | "map", { name, type, map, flags, timeout, size, comment, elem }: JsonObject): NftSet {
  const given = listOf(flags);
  const isFilled = given.includes("timeout") && typeof size === "number";
  return {
    name: String(name),
    file: "",
    line: 1,
    comment: textOf(comment),
    key: listOf(type),
    value: kind === "map" ? String(map).split(" . ") : undefined,
    flags: [...new Set([...given, ...(isFilled ? ["dynamic"] : [])])].sort(),
    timeout: numberOf(timeout),
    size: numberOf(size),
    others: [],
    elements: (Array.isArray(elem) ? elem : []).map(elementOf),
  };
}

/** A key, or a pair of a key and a value; a key may carry a comment and a timeout. */
function elementOf(element: Json): NftElement {
  const [left, right] = Array.isArray(element) ? element : [element, undefined];
  const more = isRecord(left) && isRecord(left.elem) ? left.elem : undefined;
  return {
    line: 1,
    key: expression(more === undefined ? left : more.val),
    value: right === undefined ? undefined : isRecord(right) ? statement(right) : expression(right),
    comment: textOf(more?.comment),
    timeout: numberOf(more?.timeout),
  };
}

const operators: Readonly<Record<string, string>> = {
  "==": "",
  in: "",
  "!=": "!= ",
  "<": "< ",
  ">": "> ",
  "<=": "<= ",
  ">=": ">= ",
};

/** One statement as a listing spells it. */
function statement(object: Json): string {
  const [kind = "", value] = Object.entries(isRecord(object) ? object : {})[0] ?? [];
  const of = isRecord(value) ? value : {};
  switch (kind) {
    case "accept":
    case "drop":
    case "return":
    case "continue":
    case "notrack":
      return kind;
    case "jump":
    case "goto":
      return `${kind} ${String(of.target)}`;
    case "match":
      return matchOf(of);
    case "vmap":
      return `${expression(of.key)} vmap ${expression(of.data)}`;
    case "mangle":
      return `${expression(of.key)} set ${expression(of.value)}`;
    case "counter":
      return typeof value === "string" ? `counter name "${value}"` : "counter";
    case "log":
      return typeof of.prefix === "string" ? `log prefix "${of.prefix}"` : "log";
    case "limit":
      return `limit rate ${of.inv === true ? "over " : ""}${String(of.rate)}/${String(of.per)}`;
    case "reject":
      return value === null
        ? "reject"
        : `reject with ${of.type === "tcp reset" ? "tcp reset" : `${String(of.type)} ${String(of.expr)}`}`;
    case "set":
      return `${String(of.op)} ${String(of.set)} { ${expression(isRecord(of.elem) && isRecord(of.elem.elem) ? of.elem.elem.val : of.elem)} }`;
    case "dnat":
    case "snat":
    case "masquerade":
    case "redirect":
      return translation(kind, of);
    default:
      return isRecord(object) && "concat" in object ? expression(object) : `${kind} ${spelledAsJson(value)}`;
  }
}

function matchOf({ op, left, right }: JsonObject): string {
  const compared = isRecord(left) && Array.isArray(left["&"]) ? left["&"] : undefined;
  if (compared === undefined)
    return `${expression(left)} ${operators[String(op)] ?? `${String(op)} `}${expression(right)}`;
  const [field, mask] = compared;
  const sign = op === "!=" ? "!=" : "==";
  const spelled = Array.isArray(mask) ? `(${mask.map(expression).join(" | ")})` : expression(mask);
  return `${expression(field)} & ${spelled} ${sign} ${Array.isArray(right) ? `(${right.map(expression).join(" | ")})` : expression(right)}`;
}

function translation(kind: string, { family, addr, port, flags }: JsonObject): string {
  const asked = listOf(flags).join(",");
  const address = addr === undefined ? "" : expression(addr);
  const target =
    port === undefined ? address : `${address.includes(":") ? `[${address}]` : address}:${expression(port)}`;
  return [kind, typeof family === "string" && target !== "" ? family : "", target === "" ? "" : `to ${target}`, asked]
    .filter((word) => word !== "")
    .join(" ");
}

/** A value or a field as a listing spells it. */
function expression(value: Json): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(expression).join(",");
  const [kind = "", inner] = Object.entries(isRecord(value) ? value : {})[0] ?? [];
  const of = isRecord(inner) ? inner : {};
  const list = Array.isArray(inner) ? inner : [];
  switch (kind) {
    case "concat":
      return list.map(expression).join(" . ");
    case "set":
      return `{ ${list.map((each) => elementText(elementOf(each))).join(", ")} }`;
    case "prefix":
      return `${typeof of.addr === "number" ? `0x${of.addr.toString(16).padStart(8, "0")}` : String(of.addr)}/${String(of.len)}`;
    case "range":
      return list.map(expression).join("-");
    case "payload":
      return `${String(of.protocol)} ${String(of.field)}`;
    case "meta":
      return `meta ${String(of.key)}`;
    case "ct":
      return `ct ${of.dir === undefined ? "" : `${String(of.dir)} `}${String(of.key)}`;
    case "fib":
      return `fib ${(Array.isArray(of.flags) ? of.flags : [of.flags]).map(String).join(" . ")} ${String(of.result)}`;
    case "numgen":
      return `numgen ${String(of.mode)} mod ${String(of.mod)}${of.offset === undefined || of.offset === 0 ? "" : ` offset ${String(of.offset)}`}`;
    case "jhash":
      return `jhash ${expression(of.expr)} mod ${String(of.mod)}`;
    case "symhash":
      return `symhash mod ${String(of.mod)}`;
    case "map":
      return `${expression(of.key)} map ${expression(of.data)}`;
    case "elem":
      return expression(of.val);
    case "|":
    case "&":
    case "^":
      return list.map(expression).join(` ${kind} `);
    default:
      return spelledAsJson(value);
  }
}

/** As one word, whatever it contains: a brace or a quote would begin another. */
function spelledAsJson(value: Json): string {
  return `"${(JSON.stringify(value) ?? "").replaceAll('"', "'")}"`;
}
