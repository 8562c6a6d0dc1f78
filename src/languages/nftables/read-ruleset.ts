import type { PlacedProblem, TextPart } from "../../ir/artifact.ts";
import type { Parsed } from "../language.ts";
import {
  type BaseChain,
  type NftChain,
  type NftElement,
  type NftLine,
  type NftSet,
  type NftTable,
  type Ruleset,
  type TableFamily,
  tableFamilies,
} from "./ruleset.ts";
import { type Statement, statementsOf } from "./statements.ts";
import { depthOf, joinWords, numberOf, secondsOf, splitWords, unquoted, wordsOf } from "./words.ts";

/**
 * Reads texts in the language of nft: what `nft list ruleset` or `nft list table` prints, with or without handles and
 * counters, and scripts for `nft -f` that add to tables. Blocks of one table are merged. A line that cannot be read is a
 * problem; the rest is read all the same.
 */
export function readRuleset(parts: readonly TextPart[]): Parsed<Ruleset> {
  const reading: Reading = { tables: new Map(), problems: [], file: "" };
  for (const { file, text } of parts) {
    reading.file = file;
    const statements = statementsOf(text, (line) =>
      reading.problems.push({ file, line, message: "the text ends before the brace that this line opens is closed" }),
    );
    let at = 0;
    while (at < statements.length) at = readCommand(statements, at, reading);
  }
  return { doc: { tables: [...reading.tables.values()] }, problems: reading.problems };
}

interface Reading {
  readonly tables: Map<string, OpenTable>;
  readonly problems: PlacedProblem[];
  file: string;
}

interface OpenTable extends NftTable {
  comment: string | undefined;
  flags: readonly string[];
  readonly chains: Map<string, OpenChain>;
  readonly sets: Map<string, OpenSet>;
}

interface OpenChain extends NftChain {
  comment: string | undefined;
  base: BaseChain | undefined;
  readonly rules: NftLine[];
}

type OpenSet = { -readonly [Field in keyof NftSet]: NftSet[Field] } & { readonly elements: NftElement[] };

/** Reads one command or block of a script; returns the position of what follows it. */
function readCommand(statements: readonly Statement[], at: number, reading: Reading): number {
  const statement = statements[at] as Statement;
  const [first, ...rest] = wordsOf(statement.text);
  const [kind = "", ...names] = rest;
  switch (first) {
    case "table":
      return openBlock(rest, statements, at, reading);
    // A text that begins by removing what it then makes says nothing about what a host has.
    case "delete":
    case "destroy":
    case "flush":
    case "list":
      return at + 1;
    case "add":
    case "create":
      if (kind === "table") return openBlock(names, statements, at, reading);
      return addTo(kind, names, { statements, at, isFirst: false }, reading);
    case "insert":
      return addTo(kind, names, { statements, at, isFirst: true }, reading);
    default:
      return reportLine(statement, reading, at);
  }
}

/** `table ip t {` with its block, or `add table ip t` alone. */
function openBlock(names: readonly string[], statements: readonly Statement[], at: number, reading: Reading): number {
  const table = openTable(names, statements[at] as Statement, reading);
  return table !== undefined && names.at(-1) === "{" ? readTable(table, statements, at + 1, reading) : at + 1;
}

function reportLine({ line, text }: Statement, { problems, file }: Reading, at: number): number {
  problems.push({ file, line, message: `is not a line that nft prints: ${text}` });
  return at + 1;
}

function openTable(words: readonly string[], { line }: Statement, { tables, file }: Reading): OpenTable | undefined {
  const [first = ""] = words;
  const hasFamily = (tableFamilies as readonly string[]).includes(first);
  const family = (hasFamily ? first : "ip") as TableFamily;
  const name = unquoted((hasFamily ? words[1] : first) ?? "");
  if (name === "" || name === "{") return undefined;
  const key = `${family} ${name}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const made = { family, name, file, line, comment: undefined, flags: [], chains: new Map(), sets: new Map() };
  tables.set(key, made);
  return made;
}

function readTable(table: OpenTable, statements: readonly Statement[], start: number, reading: Reading): number {
  let at = start;
  while (at < statements.length) {
    const statement = statements[at] as Statement;
    if (statement.text === "}") return at + 1;
    const [kind, name = ""] = wordsOf(statement.text);
    if (statement.text.endsWith("{")) {
      if (kind === "chain") at = readChain(openChain(table, name, statement, reading), statements, at + 1, reading);
      else if (kind === "set" || kind === "map")
        at = readSet(openSet(table, { kind, name }, statement, reading), statements, at + 1, reading);
      else at = skipBlock(statements, at + 1);
      continue;
    }
    if (kind === "comment") table.comment = unquoted(name);
    else if (kind === "flags") table.flags = name.split(",");
    else reportLine(statement, reading, at);
    at += 1;
  }
  return cutShort(table, reading, at);
}

/** Counters, quotas, flowtables and others, which move no packet by themselves. */
function skipBlock(statements: readonly Statement[], start: number): number {
  let at = start;
  let depth = 1;
  for (; at < statements.length && depth > 0; at += 1) depth += depthOf(wordsOf((statements[at] as Statement).text));
  return at;
}

function cutShort({ line, name }: { line: number; name: string }, { problems, file }: Reading, at: number): number {
  problems.push({ file, line, message: `the text ends within ${name}` });
  return at;
}

function openChain(table: OpenTable, name: string, { line }: Statement, { file }: Reading): OpenChain {
  const bare = unquoted(name);
  const known = table.chains.get(bare);
  if (known !== undefined) return known;
  const made: OpenChain = { name: bare, file, line, comment: undefined, base: undefined, rules: [] };
  table.chains.set(bare, made);
  return made;
}

function readChain(chain: OpenChain, statements: readonly Statement[], start: number, reading: Reading): number {
  for (let at = start; at < statements.length; at += 1) {
    const { text, line } = statements[at] as Statement;
    if (text === "}") return at + 1;
    if (!declaresChain.test(text)) chain.rules.push({ text: ruleText(text), file: reading.file, line });
    else declareChain(chain, wordsOf(text));
  }
  return cutShort(chain, reading, statements.length);
}

const declaresChain = /^(?:type [a-z]+ hook |policy (?:accept|drop)$|comment "[^"]*"$|flags offload$)/;

function declareChain(chain: OpenChain, words: readonly string[]): void {
  const [first, second = ""] = words;
  if (first === "type") chain.base = baseChain(words);
  else if (first === "comment") chain.comment = unquoted(second);
  else if (first === "policy" && chain.base !== undefined)
    chain.base = { ...chain.base, policy: second === "drop" ? "drop" : "accept" };
}

/** A rule without counts, which change while one looks. */
export function ruleText(text: string): string {
  return text.includes("counter packets") ? text.replace(/\bcounter packets \d+ bytes \d+/g, "counter") : text;
}

/** `type filter hook input priority filter - 10`, with `device "eth0"` before the priority for some families. */
function baseChain(words: readonly string[]): BaseChain {
  const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined);
  const device = after("device");
  return {
    type: words[1] ?? "",
    hook: after("hook") ?? "",
    priority: priorityOf(words.slice(words.indexOf("priority") + 1)),
    policy: "accept",
    device: device === undefined ? undefined : unquoted(device),
  };
}

/** The names of priorities (NF_IP_PRI_* in the kernel; `man nft`, "Standard priority names"). */
const priorities: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};

/** `filter`, `dstnat - 10`, `-110`, `dstnat-10`. */
function priorityOf(words: readonly string[]): number | undefined {
  const [, name, sign, offset = "0"] = /^([a-z]+|-?\d+)(?:([+-])(\d+))?$/.exec(words.join("")) ?? [];
  const base = name === undefined ? undefined : /^-?\d+$/.test(name) ? Number(name) : priorities[name];
  return base === undefined ? undefined : base + (sign === "-" ? -Number(offset) : Number(offset));
}

function openSet(
  table: OpenTable,
  { kind, name }: { readonly kind: string; readonly name: string },
  { line }: Statement,
  { file }: Reading,
): OpenSet {
  const bare = unquoted(name);
  const known = table.sets.get(bare);
  if (known !== undefined) return known;
  const made: OpenSet = {
    name: bare,
    file,
    line,
    comment: undefined,
    key: [],
    value: kind === "map" ? [] : undefined,
    flags: [],
    timeout: undefined,
    size: undefined,
    others: [],
    elements: [],
  };
  table.sets.set(bare, made);
  return made;
}

function readSet(set: OpenSet, statements: readonly Statement[], start: number, reading: Reading): number {
  for (let at = start; at < statements.length; at += 1) {
    const statement = statements[at] as Statement;
    if (statement.text === "}") return at + 1;
    readSetLine(set, statement, reading);
  }
  return cutShort(set, reading, statements.length);
}

function readSetLine(set: OpenSet, statement: Statement, reading: Reading): void {
  const words = wordsOf(statement.text);
  const [first, second = ""] = words;
  switch (first) {
    case "type":
    case "typeof": {
      const [key = [], value] = splitWords(words.slice(1), ":");
      set.key = splitWords(key, ".").map(joinWords);
      set.value = value === undefined ? set.value : splitWords(value, ".").map(joinWords);
      break;
    }
    case "flags":
      set.flags = words
        .slice(1)
        .flatMap((word) => word.split(","))
        .filter((flag) => flag !== "")
        .sort();
      break;
    case "timeout":
      set.timeout = secondsOf(second);
      break;
    case "size":
      set.size = numberOf(second);
      break;
    case "comment":
      set.comment = unquoted(second);
      break;
    case "elements":
      addElements(set, statement, reading);
      break;
    default:
      set.others = [...set.others, statement.text];
  }
}

function addElements(set: OpenSet, statement: Statement, reading: Reading): void {
  const words = wordsOf(statement.text);
  const opening = words.indexOf("{");
  if (opening < 0) reportLine(statement, reading, 0);
  const { starts = [] } = statement;
  let word = opening + 1;
  let place = 0;
  for (const element of splitWords(words.slice(word, words.lastIndexOf("}")), ",")) {
    while ((starts[place + 1]?.word ?? Number.POSITIVE_INFINITY) <= word) place += 1;
    if (element.length > 0) set.elements.push(elementOf(element, starts[place]?.line ?? statement.line));
    word += element.length + 1;
  }
}

/** `10.0.0.1 . tcp . 80 timeout 1h expires 5m counter packets 1 bytes 2 comment "x" : goto y`. */
export function elementOf(words: readonly string[], line: number): NftElement {
  const [left = [], ...values] = splitWords(words, ":");
  const value = values.length === 0 ? undefined : joinWords(values.flat());
  const firstOption = left.findIndex((word) => /^(?:timeout|expires|counter|comment|limit|quota|last)$/.test(word));
  const options = firstOption < 0 ? [] : left.slice(firstOption);
  const after = (word: string) => (options.includes(word) ? options[options.indexOf(word) + 1] : undefined);
  const [comment, timeout] = [after("comment"), after("timeout")];
  return {
    line,
    key: joinWords(firstOption < 0 ? left : left.slice(0, firstOption)),
    value,
    comment: comment === undefined ? undefined : unquoted(comment),
    timeout: timeout === undefined ? undefined : secondsOf(timeout),
  };
}

interface Command {
  readonly statements: readonly Statement[];
  readonly at: number;
  /** `insert`: before the rules that are there. */
  readonly isFirst: boolean;
}

/** `add rule ip filter INPUT ...`, `add element ip t s { ... }`, `add chain ip t c { ... }`: a line that adds to a table. */
function addTo(kind: string, names: readonly string[], command: Command, reading: Reading): number {
  const { statements, at, isFirst } = command;
  const statement = statements[at] as Statement;
  const hasFamily = (tableFamilies as readonly string[]).includes(names[0] ?? "");
  const table = openTable(names.slice(0, hasFamily ? 2 : 1), statement, reading);
  const [name = "", ...rest] = names.slice(hasFamily ? 2 : 1);
  if (table === undefined || name === "") return reportLine(statement, reading, at);
  switch (kind) {
    case "rule": {
      const rule = { text: ruleText(joinWords(withoutPosition(rest))), file: reading.file, line: statement.line };
      const { rules } = openChain(table, name, statement, reading);
      if (isFirst) rules.unshift(rule);
      else rules.push(rule);
      return at + 1;
    }
    case "chain": {
      const chain = openChain(table, name, statement, reading);
      return rest.at(-1) === "{" ? readChain(chain, statements, at + 1, reading) : at + 1;
    }
    case "set":
    case "map": {
      const set = openSet(table, { kind, name }, statement, reading);
      return rest.at(-1) === "{" ? readSet(set, statements, at + 1, reading) : at + 1;
    }
    case "element":
      addElements(openSet(table, { kind: "set", name }, statement, reading), statement, reading);
      return at + 1;
    default:
      return rest.at(-1) === "{" ? skipBlock(statements, at + 1) : at + 1;
  }
}

/** `position 5`, `handle 5` and `index 5` name another rule. */
function withoutPosition(words: readonly string[]): readonly string[] {
  return /^(?:position|handle|index)$/.test(words[0] ?? "") ? words.slice(2) : words;
}
