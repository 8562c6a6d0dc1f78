import { parseRule } from "../tools/iptables/parse-rule.ts";
import type { Rule } from "../tools/iptables/parsed.ts";
import type { TextPart } from "./host-texts.ts";

/** The rules of one family by table and chain. Lines stay text until somebody walks their chain. */
export interface LoadedRules {
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, LoadedChain>>;
  readonly problems: readonly LoadProblem[];
}

/** A line that may hide a rule, or rules that are not all there. */
export interface LoadProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface LoadedChain {
  readonly name: string;
  /** Of a built-in chain; undefined for the others. */
  readonly policy: string | undefined;
  /** Without counters. */
  readonly lines: readonly string[];
  /** Line numbers, from 1, beside `lines`. */
  readonly numbers: readonly number[];
  /** The file each line is from; one for all where there is only one. */
  readonly files: readonly string[];
  /** Filled as rules are asked for. */
  readonly parsed: (Rule | undefined)[];
}

interface OpenChain extends LoadedChain {
  policy: string | undefined;
  lines: string[];
  numbers: number[];
  files: string[];
}

interface Reading {
  readonly tables: Map<string, Map<string, OpenChain>>;
  readonly problems: LoadProblem[];
  readonly file: string;
  table: Map<string, OpenChain> | undefined;
  openedAt: number;
  /** The chain of the line before: rules come grouped. */
  chain: OpenChain | undefined;
}

/**
 * Splits what iptables-save prints, or iptables-restore takes, into chains. Parts lie one over the other as with
 * `iptables-restore --noflush`: a chain of one's own that is declared again is empty.
 */
export function loadRules(parts: readonly TextPart[]): LoadedRules {
  const tables = new Map<string, Map<string, OpenChain>>();
  const problems: LoadProblem[] = [];
  for (const { file, text } of parts) {
    const reading: Reading = { tables, problems, file, table: undefined, openedAt: 0, chain: undefined };
    let number = 1;
    for (let start = 0; start < text.length; number += 1) {
      const newline = text.indexOf("\n", start);
      const end = newline < 0 ? text.length : newline;
      loadLine(reading, text, start, end, number);
      start = end + 1;
    }
    closeTable(reading);
  }
  return { tables, problems };
}

function loadLine(reading: Reading, text: string, start: number, end: number, number: number): void {
  const first = text.charCodeAt(start);
  // The common line first: `-A CHAIN ...`, as a slice of the text.
  if (first === dash && reading.table !== undefined) {
    appendRule(reading, withoutEnd(text.slice(start, end)), number);
    return;
  }
  const line = text.slice(start, end).trim();
  if (line === "") return;
  if (line.startsWith("#")) {
    // iptables-nft says so of rules it does not print, and of those that iptables-legacy has loaded.
    if (hidden.test(line)) tell(reading, number, line.slice(1).trim());
    return;
  }
  if (line.startsWith("*")) openTable(reading, line.slice(1).trim(), number);
  else if (reading.table === undefined) tell(reading, number, "not inside a table: no *TABLE line before it");
  else if (line === "COMMIT") reading.table = undefined;
  else if (line.startsWith(":")) declareChain(reading, reading.table, line, number);
  else appendRule(reading, line.replace(counted, ""), number);
}

const hidden = /is incompatible, use 'nft' tool|tables present, use /;
const dash = 0x2d;
const counted = /^\[\d+:\d+\]\s+/;

function withoutEnd(line: string): string {
  const last = line.charCodeAt(line.length - 1);
  return last === 0x0d || last === 0x20 ? line.trimEnd() : line;
}

function openTable(reading: Reading, name: string, number: number): void {
  closeTable(reading);
  if (!/^[a-z]+$/.test(name)) tell(reading, number, `"${name}" is not the name of a table`);
  const table = reading.tables.get(name) ?? new Map<string, OpenChain>();
  reading.tables.set(name, table);
  reading.table = table;
  reading.openedAt = number;
  reading.chain = undefined;
}

function closeTable(reading: Reading): void {
  if (reading.table !== undefined) tell(reading, reading.openedAt, "this table has no COMMIT: the text is cut off");
  reading.table = undefined;
}

function declareChain(reading: Reading, table: Map<string, OpenChain>, line: string, number: number): void {
  const end = line.indexOf(" ");
  const name = line.slice(1, end < 0 ? undefined : end);
  const [policy = ""] =
    end < 0
      ? []
      : line
          .slice(end + 1)
          .trimStart()
          .split(" ", 1);
  if (name === "" || policy === "") {
    tell(reading, number, "not a chain: expected :NAME POLICY");
    return;
  }
  const known = table.get(name);
  const chain = known === undefined || policy === "-" ? openChain(name) : known;
  chain.policy = policy === "-" ? undefined : policy;
  table.set(name, chain);
  reading.chain = undefined;
}

function openChain(name: string): OpenChain {
  return { name, policy: undefined, lines: [], numbers: [], files: [], parsed: [] };
}

function appendRule(reading: Reading, line: string, number: number): void {
  const end = line.indexOf(" ", 3);
  const name = line.slice(3, end < 0 ? undefined : end);
  if (!line.startsWith("-A ") || name === "") {
    tell(reading, number, "not a rule: expected -A CHAIN");
    return;
  }
  const chain = reading.chain?.name === name ? reading.chain : chainOf(reading, name);
  chain.lines.push(line);
  chain.numbers.push(number);
  if (chain.files.at(-1) !== reading.file || chain.files.length > 1) fillFiles(chain, reading.file);
}

/** One name stands for all lines as long as there is one file. */
function fillFiles(chain: OpenChain, file: string): void {
  const [only] = chain.files;
  if (only === undefined) chain.files.push(file);
  else {
    while (chain.files.length < chain.lines.length - 1) chain.files.push(only);
    chain.files.push(file);
  }
}

function chainOf(reading: Reading, name: string): OpenChain {
  const table = reading.table as Map<string, OpenChain>;
  const chain = table.get(name) ?? openChain(name);
  table.set(name, chain);
  reading.chain = chain;
  return chain;
}

function tell({ problems, file }: Reading, line: number, message: string): void {
  problems.push({ file, line, message });
}

export function fileOf({ files }: LoadedChain, at: number): string {
  return (files.length > 1 ? files[at] : files[0]) ?? "";
}

/** The rule of a line; one that cannot be read is a rule of unknown matches and target. */
export function ruleAt(chain: LoadedChain, at: number): Rule {
  const known = chain.parsed[at];
  if (known !== undefined) return known;
  const text = chain.lines[at] ?? "";
  const line = chain.numbers[at] ?? 0;
  const read = parseRule({ text, line, counters: undefined });
  const rule: Rule =
    read.kind === "rule"
      ? read.rule
      : { chain: chain.name, line, text, counters: undefined, matches: [], target: { kind: "unknown", words: [text] } };
  chain.parsed[at] = rule;
  return rule;
}
