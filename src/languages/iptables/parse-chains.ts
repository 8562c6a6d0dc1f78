import type { TextProblem } from "../../ir/text.ts";

/** The rules of each chain as lines, each as spelled, in order. */
export type ChainLines = ReadonlyMap<string, readonly string[]>;

/** What a rule text holds, rules not taken apart: `parseTables` at a fraction of its time. */
export interface ChainTexts {
  /** By table, then by chain; a chain that is only declared has no lines. */
  readonly tables: ReadonlyMap<string, ChainLines>;
  readonly problems: readonly TextProblem[];
}

interface Reading {
  readonly tables: Map<string, Map<string, string[]>>;
  readonly problems: { line: number; message: string }[];
  table: Map<string, string[]> | undefined;
  tableLine: number;
}

/** Reads what iptables-save prints and iptables-restore takes. Counters and comment lines are left out. */
export function parseChains(text: string): ChainTexts {
  const reading: Reading = { tables: new Map(), problems: [], table: undefined, tableLine: 0 };
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (end > start) readLine(reading, text.slice(start, end), number);
    start = end + 1;
  }
  if (reading.table !== undefined) tell(reading, reading.tableLine, "this table has no COMMIT: the text is truncated");
  return { tables: reading.tables, problems: reading.problems };
}

function readLine(reading: Reading, line: string, number: number): void {
  const { table } = reading;
  const first = line[0];
  if (first === "#") {
    // iptables-nft says so in a comment, and prints nothing of the table.
    if (line.includes("is incompatible, use 'nft' tool")) tell(reading, number, line.slice(1).trim());
    return;
  }
  if (first === "*") {
    const name = line.slice(1).trim();
    reading.table = reading.tables.get(name) ?? new Map();
    reading.tables.set(name, reading.table);
    reading.tableLine = number;
  } else if (table === undefined) tell(reading, number, "not inside a table: no *TABLE line before it");
  else if (first === ":") declareChain(table, line);
  else if (first === "-") append(reading, table, line, number);
  else if (first === "[") append(reading, table, line.replace(/^\[\d+:\d+\] +/, ""), number);
  else if (line.trim() === "COMMIT") reading.table = undefined;
  else if (line.trim() !== "") tell(reading, number, "neither a chain nor a rule nor COMMIT");
}

/** Declaring a chain of one's own again empties it, as `iptables-restore --noflush` does. */
function declareChain(table: Map<string, string[]>, line: string): void {
  const [name = "", policy] = line.slice(1).split(" ", 2);
  if (policy === "-" || !table.has(name)) table.set(name, []);
}

function append(reading: Reading, table: Map<string, string[]>, line: string, number: number): void {
  const end = line.indexOf(" ", 3);
  const chain = line.slice(3, end < 0 ? undefined : end).trim();
  if (!line.startsWith("-A ") || chain === "") {
    tell(reading, number, "not a rule: expected -A CHAIN");
    return;
  }
  const rules = table.get(chain);
  if (rules === undefined) table.set(chain, [line]);
  else rules.push(line);
}

function tell(reading: Reading, line: number, message: string): void {
  reading.problems.push({ line, message });
}
