import type { TextProblem } from "../../ir/text.ts";
import { parseRule } from "./parse-rule.ts";
import { builtInChains, type Chain, type Counters, type Rule, type Table, type Tables } from "./rule.ts";

interface OpenChain {
  readonly name: string;
  policy: string | undefined;
  declaredAt: number | undefined;
  counters: Counters | undefined;
  rules: Rule[];
}

interface OpenTable {
  readonly name: string;
  readonly chains: Map<string, OpenChain>;
}

interface Reading {
  readonly tables: Map<string, OpenTable>;
  readonly problems: TextProblem[];
  current: { readonly table: OpenTable; readonly line: number } | undefined;
}

const DECLARATION = /^:(\S+)\s+(\S+)(?:\s+\[(\d+):(\d+)\])?\s*$/;
const COUNTED = /^\[(\d+):(\d+)\]\s+/;

/**
 * Reads what iptables-save prints and iptables-restore takes. Sections of one table are laid one over the other as
 * `iptables-restore --noflush` does: declaring a chain of one's own again empties it.
 */
export function parseTables(text: string): Tables {
  const reading: Reading = { tables: new Map(), problems: [], current: undefined };
  let start = 0;
  let number = 1;
  while (start <= text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    parseLine(reading, text.slice(start, end).trim(), number);
    start = end + 1;
    number += 1;
  }
  closeTable(reading);
  return { tables: [...reading.tables.values()].map(finishTable), problems: reading.problems };
}

function parseLine(reading: Reading, line: string, number: number): void {
  if (line === "" || line.startsWith("#")) return;
  const table = reading.current?.table;
  if (line.startsWith("*")) openTable(reading, line.slice(1).trim(), number);
  else if (table === undefined) report(reading, number, "not inside a table: no *TABLE line before it");
  else if (line === "COMMIT") reading.current = undefined;
  else if (line.startsWith(":")) declareChain(reading, table, { line, number });
  else appendRule(reading, table, { line, number });
}

function openTable(reading: Reading, name: string, number: number): void {
  closeTable(reading);
  if (!/^[a-z]+$/.test(name)) report(reading, number, `"${name}" is not the name of a table`);
  const table = reading.tables.get(name) ?? { name, chains: new Map() };
  reading.tables.set(name, table);
  reading.current = { table, line: number };
}

function closeTable(reading: Reading): void {
  if (reading.current !== undefined) {
    report(reading, reading.current.line, `table ${reading.current.table.name} has no COMMIT`);
  }
  reading.current = undefined;
}

interface Numbered {
  readonly line: string;
  readonly number: number;
}

function declareChain(reading: Reading, table: OpenTable, { line, number }: Numbered): void {
  const [, name, policy, packets, bytes] = DECLARATION.exec(line) ?? [];
  if (name === undefined || policy === undefined) {
    report(reading, number, "not a chain: expected :NAME POLICY");
    return;
  }
  const chain = chainOf(table, name);
  chain.declaredAt = number;
  chain.policy = policy === "-" ? undefined : policy;
  chain.counters = packets === undefined || bytes === undefined ? undefined : { packets, bytes };
  if (policy === "-") chain.rules = [];
}

function appendRule(reading: Reading, table: OpenTable, { line, number }: Numbered): void {
  const [head = "", packets, bytes] = COUNTED.exec(line) ?? [];
  const counters = packets === undefined || bytes === undefined ? undefined : { packets, bytes };
  const read = parseRule({ text: line.slice(head.length), line: number, counters });
  if (read.kind === "broken") {
    report(reading, number, read.message);
    return;
  }
  const { rule } = read;
  if (!table.chains.has(rule.chain) && !builtInChains.has(rule.chain)) {
    report(reading, number, `chain ${rule.chain} is not declared in table ${table.name}`);
  }
  chainOf(table, rule.chain).rules.push(rule);
}

function chainOf(table: OpenTable, name: string): OpenChain {
  const known = table.chains.get(name);
  if (known !== undefined) return known;
  const chain: OpenChain = { name, policy: undefined, declaredAt: undefined, counters: undefined, rules: [] };
  table.chains.set(name, chain);
  return chain;
}

function report(reading: Reading, line: number, message: string): void {
  reading.problems.push({ line, message });
}

function finishTable(table: OpenTable): Table {
  return { name: table.name, chains: [...table.chains.values()] satisfies readonly Chain[] };
}
