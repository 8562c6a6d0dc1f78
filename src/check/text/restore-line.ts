import { createSink, type Diagnostic } from "../../diagnostics/diagnostic.ts";
import { documentOf } from "../../reconcile/live/parse-dump.ts";
import { checkHosts } from "./check-host.ts";

/** A line of restore input that a tool refused, and what is wrong with it. */
export interface RestoreLine {
  readonly line: number;
  readonly text: string;
  /** Undefined outside a table. */
  readonly table: string | undefined;
  readonly faults: readonly LineFault[];
}

export interface LineFault {
  /** Of the line, or of another one of the table where the tool names the end of the table. */
  readonly line: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * Finds what is wrong in a line of input of iptables-restore. At the end of a table, where the kernel refuses the table
 * as a whole, the faults of all its lines. Undefined where the text has no such line.
 */
export function checkRestoreLine(text: string, line: number): RestoreLine | undefined {
  const lines = text.split("\n");
  const own = lines[line - 1];
  if (own === undefined || (own === "" && line === lines.length)) return undefined;
  const start = tableStart(lines, line);
  const table = start === undefined ? undefined : lines[start - 1]?.trim().slice(1);
  const isEnd = own.trim() === "COMMIT" && start !== undefined;
  const isAsked = (at: number): boolean => (isEnd ? start <= at && at <= line : at === line);
  const found = diagnosticsOf(lines).flatMap(({ origin, message, hint, severity }): readonly LineFault[] => {
    const [at] = origin?.path ?? [];
    return typeof at === "number" && isAsked(at) && severity === "error" ? [{ line: at, message, hint }] : [];
  });
  const faults = isDeletion(own) ? deletionFaults(own, lines) : found;
  const sets = isEnd ? [] : setFaults(own, line);
  return { line, text: own, table, faults: [...faults, ...sets].sort((a, b) => a.line - b.line) };
}

/** The number of the line that opens the table of a line. */
function tableStart(lines: readonly string[], line: number): number | undefined {
  for (let at = line; at > 0; at -= 1) {
    const text = (lines[at - 1] ?? "").trim();
    if (text.startsWith("*")) return at;
    if (text === "COMMIT" && at < line) return undefined;
  }
  return undefined;
}

/** A text with broken lines is not checked further: a second reading leaves them out. */
function diagnosticsOf(all: readonly string[]): readonly Diagnostic[] {
  const lines = all.map((text) => (isDeletion(text) ? "" : text));
  const broken = check(lines);
  const places = new Set(broken.filter(({ code }) => code === "dump-line-broken").map(({ origin }) => origin?.path[0]));
  if (places.size === 0) return broken;
  const readable = lines.map((text, at) => (places.has(at + 1) && !text.startsWith("*") ? "" : text));
  return [...broken.filter(({ code }) => code === "dump-line-broken"), ...check(readable)];
}

function check(lines: readonly string[]): readonly Diagnostic[] {
  const sink = createSink();
  const text = { file: "iptables.restore", language: "iptables", family: "ipv4", text: lines.join("\n") } as const;
  checkHosts([documentOf([{ ...text, origins: [] }])], sink);
  return sink.diagnostics;
}

/** `-X CHAIN` and `-F CHAIN` are valid in input of a restore. */
function isDeletion(text: string): boolean {
  return /^-[XF] \S+$/.test(text.trim());
}

/** A chain that rules jump to cannot be deleted. */
function deletionFaults(text: string, lines: readonly string[]): readonly LineFault[] {
  const [option, chain = ""] = text.trim().split(" ");
  if (option !== "-X") return [];
  return lines.flatMap((other, at) => {
    if (!other.startsWith("-A ") || !new RegExp(` -[jg] ${chain}(?: |$)`).test(other)) return [];
    const message = `chain ${chain} cannot be deleted: a rule of ${other.split(" ")[1]} jumps to it`;
    return [{ line: at + 1, message, hint: "delete the rule first" }];
  });
}

/** Sets are not in the text: the restore fails where one of them does not exist. */
function setFaults(text: string, line: number): readonly LineFault[] {
  const names = [...text.matchAll(/ --(?:match|add|del|map)-set (\S+)/g)].map(([, name = ""]) => name);
  return [...new Set(names)].map((name) => ({
    line,
    message: `the rule needs set ${name}, which this text cannot show: if the set does not exist, the restore fails here`,
    hint: `see whether it exists: ipset list ${name} -terse; create it before the rules`,
  }));
}
