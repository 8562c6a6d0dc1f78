import { iptablesReader } from "../languages/iptables/to-datapath.ts";
import type { LoadedChain } from "./chain-index.ts";
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

interface OpenChain extends LoadedChain {
  policy: string | undefined;
  lines: readonly string[];
  numbers: readonly number[];
  files: readonly string[];
}

interface Reading {
  readonly tables: Map<string, Map<string, OpenChain>>;
  readonly problems: LoadProblem[];
  readonly file: string;
  table: Map<string, OpenChain> | undefined;
  openedAt: number;
  /** The chain of the lines that wait: rules come grouped, and lists of their own size take half the room. */
  chain: OpenChain | undefined;
  readonly lines: string[];
  readonly numbers: number[];
  /** This file alone, one list for all chains. */
  readonly files: readonly string[];
}

/**
 * Splits what iptables-save prints, or iptables-restore takes, into chains. Parts lie one over the other as with
 * `iptables-restore --noflush`: a chain of one's own that is declared again is empty.
 */
export function loadRules(parts: readonly TextPart[]): LoadedRules {
  const known = loaded.get(parts);
  if (known !== undefined) return known;
  const rules = readRules(parts);
  loaded.set(parts, rules);
  return rules;
}

/** By the parts themselves: whoever checks a text and whoever evaluates it read it once. */
const loaded = new WeakMap<readonly TextPart[], LoadedRules>();

function readRules(parts: readonly TextPart[]): LoadedRules {
  const tables = new Map<string, Map<string, OpenChain>>();
  const problems: LoadProblem[] = [];
  for (const { file, text } of parts) {
    const reading: Reading = {
      tables,
      problems,
      file,
      table: undefined,
      openedAt: 0,
      chain: undefined,
      lines: [],
      numbers: [],
      files: [file],
    };
    let number = 1;
    for (let start = 0; start < text.length; number += 1) {
      const newline = text.indexOf("\n", start);
      const end = newline < 0 ? text.length : newline;
      loadLine(reading, text, start, end, number);
      start = end + 1;
    }
    closeTable(reading);
    takeLines(reading);
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
  takeLines(reading);
  if (!/^[a-z]+$/.test(name)) tell(reading, number, `"${name}" is not the name of a table`);
  const table = reading.tables.get(name) ?? new Map<string, OpenChain>();
  reading.tables.set(name, table);
  reading.table = table;
  reading.openedAt = number;
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
  takeLines(reading);
  const known = table.get(name);
  const chain = known === undefined || policy === "-" ? openChain(name) : known;
  chain.policy = policy === "-" ? undefined : policy;
  table.set(name, chain);
}

const none: readonly never[] = [];

function openChain(name: string): OpenChain {
  return { name, policy: undefined, lines: none, numbers: none, files: none, reader: iptablesReader };
}

function appendRule(reading: Reading, line: string, number: number): void {
  const end = line.indexOf(" ", 3);
  const name = line.slice(3, end < 0 ? undefined : end);
  if (!line.startsWith("-A ") || name === "") {
    tell(reading, number, "not a rule: expected -A CHAIN");
    return;
  }
  if (reading.chain?.name !== name) {
    takeLines(reading);
    reading.chain = chainOf(reading, name);
  }
  reading.lines.push(line);
  reading.numbers.push(number);
}

/** Gives the lines that wait to their chain. */
function takeLines(reading: Reading): void {
  const { chain, lines, numbers, files } = reading;
  if (chain !== undefined && lines.length > 0) {
    const isFirst = chain.lines.length === 0;
    const isMixed = !isFirst && (chain.files.length > 1 || chain.files[0] !== files[0]);
    chain.files = isMixed ? [...filesOf(chain), ...lines.map(() => reading.file)] : files;
    chain.lines = isFirst ? lines.slice() : [...chain.lines, ...lines];
    chain.numbers = isFirst ? numbers.slice() : [...chain.numbers, ...numbers];
  }
  lines.length = 0;
  numbers.length = 0;
  reading.chain = undefined;
}

function filesOf({ files, lines }: OpenChain): readonly string[] {
  return files.length > 1 ? files : lines.map(() => files[0] ?? "");
}

function chainOf(reading: Reading, name: string): OpenChain {
  const table = reading.table as Map<string, OpenChain>;
  const chain = table.get(name) ?? openChain(name);
  table.set(name, chain);
  return chain;
}

function tell({ problems, file }: Reading, line: number, message: string): void {
  problems.push({ file, line, message });
}
