import type { PlacedProblem, TextPart } from "../../ir/artifact.ts";
import type { LoadedChain } from "../../ir/datapath.ts";
import { builtInChains } from "./rule-lines.ts";
import { iptablesReader } from "./to-datapath.ts";

/** The rules of one family by table and chain. Lines stay text until a chain's rules are needed. */
export interface SavedTables {
  readonly tables: ReadonlyMap<string, SavedTable>;
  /** In the order of the lines, part by part. */
  readonly problems: readonly RuleTextProblem[];
}

export type SavedTable = ReadonlyMap<string, SavedChain>;

export interface SavedChain extends LoadedChain {
  /** The line of `:NAME`; undefined when the text only appends to the chain, as to a built-in one. */
  readonly declaredAt: number | undefined;
  readonly declaredIn: string | undefined;
  /** `[12:3456]`, as in the text. */
  readonly counters: string | undefined;
  /** `[12:3456]` beside `lines`; empty where no line has one. */
  readonly counted: readonly (string | undefined)[];
}

export interface RuleTextProblem extends PlacedProblem {
  readonly kind: RuleTextProblemKind;
}

export type RuleTextProblemKind =
  /** A line that may hide a rule. */
  | "line"
  /** A rule of a chain that the text does not declare: the text is incomplete, or a part of a larger one. */
  | "undeclared"
  /** The text ends within a table. */
  | "cut-off"
  /** iptables-nft has rules that it cannot print. */
  | "not-printed"
  /** There are rules of the other back end as well. */
  | "other-backend";

interface OpenChain extends SavedChain {
  policy: string | undefined;
  declaredAt: number | undefined;
  declaredIn: string | undefined;
  counters: string | undefined;
  lines: readonly string[];
  numbers: readonly number[];
  files: readonly string[];
  counted: readonly (string | undefined)[];
}

interface OpenTable {
  readonly name: string;
  readonly chains: Map<string, OpenChain>;
  /** Of `*TABLE`; undefined where the text does not name the table: then it may be a part of it. */
  readonly line: number | undefined;
}

interface Reading {
  readonly tables: Map<string, Map<string, OpenChain>>;
  readonly problems: RuleTextProblem[];
  readonly file: string;
  table: OpenTable | undefined;
  /** The chain of the buffered lines: rules come grouped, and lists of exact size take half the memory. */
  chain: OpenChain | undefined;
  readonly lines: string[];
  readonly numbers: number[];
  /** The number of buffered lines: the lists keep their capacity. */
  count: number;
  /** Parallel to `lines`, up to the last line with counters. */
  readonly counted: (string | undefined)[];
  /** The name of this file, one list for all chains. */
  readonly files: readonly string[];
}

/**
 * Splits output of iptables-save or input of iptables-restore into chains, in one pass. Parts are merged as with
 * `iptables-restore --noflush`: declaring a user-defined chain again flushes it.
 */
export function readTables(parts: readonly TextPart[]): SavedTables {
  const tables: Reading["tables"] = new Map();
  const problems: RuleTextProblem[] = [];
  for (const { file, text, table } of parts) {
    const reading = createReading(tables, problems, file);
    if (table !== undefined) openTable(reading, table, undefined);
    let number = 1;
    for (let start = 0; start < text.length; number += 1) {
      const newline = text.indexOf("\n", start);
      const end = newline < 0 ? text.length : newline;
      // The common line first: `-A CHAIN ...`, as a slice of the text.
      if (text.charCodeAt(start) === dash && reading.table !== undefined) {
        appendRule(reading, withoutEnd(text.slice(start, end)), number);
      } else if (end > start) readLine(reading, text.slice(start, end).trim(), number);
      start = end + 1;
    }
    closeTable(reading);
  }
  return { tables, problems };
}

function createReading(tables: Reading["tables"], problems: Reading["problems"], file: string): Reading {
  return {
    tables,
    problems,
    file,
    table: undefined,
    chain: undefined,
    lines: [],
    numbers: [],
    count: 0,
    counted: [],
    files: [file],
  };
}

const dash = 0x2d;

function readLine(reading: Reading, line: string, number: number): void {
  if (line === "") return;
  if (line.startsWith("#")) readComment(reading, line, number);
  else if (line.startsWith("*")) openTable(reading, line.slice(1).trim(), number);
  else if (reading.table === undefined) report(reading, number, "not inside a table: no *TABLE line before it");
  else if (line === "COMMIT") endTable(reading);
  else if (line.startsWith(":")) declareChain(reading, reading.table.chains, line, number);
  else {
    const [head, counters] = line.startsWith("[") ? (countersBefore.exec(line) ?? []) : [];
    appendRule(reading, line.slice(head?.length ?? 0), number, counters);
  }
}

/** iptables-nft lists in comments what it does not print: rules created with nft, and those of iptables-legacy. */
function readComment(reading: Reading, line: string, number: number): void {
  const message = line.slice(1).trim();
  if (line.includes("is incompatible, use 'nft' tool")) report(reading, number, message, "not-printed");
  else if (line.includes("tables present, use ")) report(reading, number, message, "other-backend");
}

const countersBefore = /^(\[\d+:\d+\])\s+/;

function withoutEnd(line: string): string {
  const last = line.charCodeAt(line.length - 1);
  return last === 0x0d || last === 0x20 || last === 0x09 ? line.trimEnd() : line;
}

function openTable(reading: Reading, name: string, number: number | undefined): void {
  closeTable(reading);
  if (number !== undefined && !/^[a-z]+$/.test(name)) report(reading, number, `"${name}" is not the name of a table`);
  const chains = reading.tables.get(name) ?? new Map<string, OpenChain>();
  reading.tables.set(name, chains);
  reading.table = { name, chains, line: number };
}

function closeTable(reading: Reading): void {
  const { table } = reading;
  if (table?.line !== undefined) {
    report(reading, table.line, "this table has no COMMIT: the text is truncated", "cut-off");
  }
  endTable(reading);
}

function endTable(reading: Reading): void {
  takeLines(reading);
  reading.table = undefined;
}

function declareChain(reading: Reading, chains: Map<string, OpenChain>, line: string, number: number): void {
  // No regular expression: there are as many chains as endpoints.
  const end = line.indexOf(" ");
  const name = line.slice(1, end < 0 ? undefined : end);
  const rest = end < 0 ? "" : line.slice(end + 1).trimStart();
  const blank = rest.indexOf(" ");
  const policy = blank < 0 ? rest : rest.slice(0, blank);
  const counters = blank < 0 ? undefined : rest.slice(blank + 1);
  if (name === "" || policy === "") {
    report(reading, number, "not a chain: expected :NAME POLICY");
    return;
  }
  takeLines(reading);
  const known = chains.get(name);
  const chain = known === undefined || policy === "-" ? openChain(name) : known;
  chain.policy = policy === "-" ? undefined : policy;
  chain.declaredAt = number;
  chain.declaredIn = reading.file;
  chain.counters = counters;
  chains.set(name, chain);
}

const none: readonly never[] = [];

function openChain(name: string): OpenChain {
  // Spelled out, not spread: this runs for the chain of each endpoint.
  return {
    name,
    reader: iptablesReader,
    policy: undefined,
    declaredAt: undefined,
    declaredIn: undefined,
    counters: undefined,
    lines: none,
    numbers: none,
    files: none,
    counted: none,
  };
}

function appendRule(reading: Reading, line: string, number: number, counters?: string): void {
  const end = line.indexOf(" ", 3);
  const name = line.slice(3, end < 0 ? undefined : end);
  if (line.startsWith("-X ") && name !== "") {
    deleteChain(reading, name);
    return;
  }
  if (!line.startsWith("-A ") || name === "") {
    report(reading, number, line === "-A" ? "-A without a chain name" : "not a rule: expected -A CHAIN");
    return;
  }
  if (reading.chain?.name !== name) {
    takeLines(reading);
    reading.chain = chainOf(reading, name, number);
  }
  const at = reading.count;
  if (counters !== undefined) reading.counted[at] = counters;
  reading.lines[at] = line;
  reading.numbers[at] = number;
  reading.count = at + 1;
}

/** The input of iptables-restore ends with the chains that it deletes. */
function deleteChain(reading: Reading, name: string): void {
  takeLines(reading);
  reading.table?.chains.delete(name);
}

function chainOf(reading: Reading, name: string, number: number): OpenChain {
  const { chains, name: table, line: declared } = reading.table as OpenTable;
  const known = chains.get(name);
  if (known !== undefined) return known;
  if (declared !== undefined && !builtInChains.has(name)) {
    report(reading, number, `chain ${name} is not declared in table ${table}`, "undeclared");
  }
  const chain = openChain(name);
  chains.set(name, chain);
  return chain;
}

/** Appends the buffered lines to their chain. */
function takeLines(reading: Reading): void {
  const { chain, count, counted, files } = reading;
  reading.chain = undefined;
  reading.count = 0;
  if (chain === undefined || count === 0) return;
  const lines = reading.lines.slice(0, count);
  const numbers = reading.numbers.slice(0, count);
  if (counted.length > 0 || chain.counted.length > 0) {
    chain.counted = countersOf(chain, counted);
    counted.length = 0;
  }
  const isFirst = chain.lines.length === 0;
  const isMixed = !isFirst && (chain.files.length > 1 || chain.files[0] !== files[0]);
  chain.files = isMixed ? [...filesOf(chain), ...lines.map(() => reading.file)] : files;
  chain.lines = isFirst ? lines : [...chain.lines, ...lines];
  chain.numbers = isFirst ? numbers : [...chain.numbers, ...numbers];
}

function countersOf({ lines, counted: before }: OpenChain, counted: readonly (string | undefined)[]) {
  return [...lines.map((_, at) => before[at]), ...counted];
}

function filesOf({ files, lines }: OpenChain): readonly string[] {
  return files.length > 1 ? files : lines.map(() => files[0] ?? "");
}

function report({ problems, file }: Reading, line: number, message: string, kind: RuleTextProblemKind = "line"): void {
  problems.push({ file, line, message, kind });
}

/** Problems that make a text unreliable: those that may hide a rule. */
export function hidesRules({ kind }: RuleTextProblem): boolean {
  return kind === "line" || kind === "cut-off" || kind === "not-printed";
}
