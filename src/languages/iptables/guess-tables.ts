import type { TextHints } from "../language.ts";
import { builtInChains } from "./rule-lines.ts";

/** The tables of lines that stand in none. */
export interface GuessedTables {
  /** Beside the lines; undefined for lines that are neither a chain nor a rule. */
  readonly tables: readonly (string | undefined)[];
  /** Why, by table, where it is not certain; sentences without a full stop. */
  readonly assumed: ReadonlyMap<string, string>;
}

/** Finds the tables of lines that stand in none: output of `iptables -S` and `-L`, and what grep left of a dump. */
export function guessTables(lines: readonly string[], { command, tableOf }: TextHints): GuessedTables {
  const told = tableOfCommand(command) ?? tableOfBuiltIns(lines);
  if (told !== undefined) {
    const tables = lines.map((line) => (isOfTable(line) ? told : undefined));
    return { tables, assumed: new Map() };
  }
  const ofChain = tablesOfChains(lines, tableOf);
  const fallback = mostFrequent([...ofChain.values()]) ?? "filter";
  const tables = lines.map((line) => {
    if (!isOfTable(line)) return undefined;
    return tableOfTarget(line) ?? ofChain.get(chainOf(line)) ?? fallback;
  });
  const assumed = new Map<string, string>();
  for (const table of new Set(tables)) {
    if (table === undefined) continue;
    assumed.set(
      table,
      `these lines stand in no table: table ${table} is assumed, and that its other rules are unknown`,
    );
  }
  return { tables, assumed };
}

function isOfTable(line: string): boolean {
  return /^(?::|-A |\[\d+:\d+\] -A )/.test(line);
}

/** Without -t, iptables lists table filter. */
function tableOfCommand(command: string | undefined): string | undefined {
  if (command === undefined || !/\bip6?tables(?:-legacy|-nft)?\s/.test(command) || /[|]/.test(command))
    return undefined;
  const [, table] = /\s(?:-t|--table[ =])\s*([a-z]+)/.exec(command) ?? [];
  return table ?? (/\s-[a-zA-Z]*[SL]/.test(command) ? "filter" : undefined);
}

/** Each table has other built-in chains; those of filter and security are the same. */
function tableOfBuiltIns(lines: readonly string[]): string | undefined {
  const declared = new Set(lines.flatMap((line) => /^:(\S+) (?:ACCEPT|DROP)\b/.exec(line)?.[1] ?? []));
  const [before, after, forward] = ["PREROUTING", "POSTROUTING", "FORWARD"].map((name) => declared.has(name));
  if (forward === true) return before === true || after === true ? "mangle" : "filter";
  if (after === true) return "nat";
  if (before === true) return declared.has("INPUT") ? "nat" : declared.has("OUTPUT") ? "raw" : undefined;
  return undefined;
}

const tablesOfTargets: Readonly<Record<string, string>> = {
  DNAT: "nat",
  SNAT: "nat",
  MASQUERADE: "nat",
  REDIRECT: "nat",
  NETMAP: "nat",
  REJECT: "filter",
  CT: "raw",
  NOTRACK: "raw",
  TPROXY: "mangle",
  TCPMSS: "mangle",
};

function targetOf(line: string): string | undefined {
  return / -[jg] (\S+)/.exec(line)?.[1];
}

function tableOfTarget(line: string): string | undefined {
  const target = targetOf(line) ?? "";
  return Object.hasOwn(tablesOfTargets, target) ? tablesOfTargets[target] : undefined;
}

function chainOf(line: string): string {
  return /^(?:\[\d+:\d+\] )?(?::|-A )(\S+)/.exec(line)?.[1] ?? "";
}

/** What a rule says of its own chain holds for the chains that jump to it, and for those it jumps to. */
function tablesOfChains(lines: readonly string[], tableOf: TextHints["tableOf"]): ReadonlyMap<string, string> {
  const tables = new Map<string, string>();
  const beside = new Map<string, string[]>();
  for (const line of lines) {
    const chain = chainOf(line);
    const target = targetOf(line);
    const table = tableOfTarget(line) ?? tableOf(chain) ?? (target === undefined ? undefined : tableOf(target));
    // In table filter there is a chain of the same name for what has no endpoints.
    if (table !== undefined && (table !== "filter" || !tables.has(chain))) tables.set(chain, table);
    if (target === undefined || builtInChains.has(target)) continue;
    link(beside, chain, target);
    link(beside, target, chain);
  }
  // A map is walked in the order of its entries, with those that are added meanwhile.
  for (const [chain, table] of tables)
    for (const other of beside.get(chain) ?? []) if (!tables.has(other)) tables.set(other, table);
  return tables;
}

function link(beside: Map<string, string[]>, chain: string, other: string): void {
  const known = beside.get(chain);
  if (known === undefined) beside.set(chain, [other]);
  else known.push(other);
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
