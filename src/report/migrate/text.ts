import type { ExampleOnNode, Finding, FindingLevel } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";
import type { About } from "../about.ts";
import { hanging, type Line, type Paint, paintLine, plain, type Style } from "../diff/text-rules.ts";
import { escapeDeep } from "../escape.ts";
import { namesText } from "../words.ts";
import { configurationLines, leftOutSentence, levelNames, planned, summaryOf } from "./words.ts";

export interface TextOptions {
  readonly paint?: Paint;
  /** Of reports: pages. */
  readonly about?: About | undefined;
  /** The terminal width: 80 if unknown. */
  readonly columns?: number;
}

/** The report as text for a terminal: what must be acted on comes first. */
export function renderText(migration: Migration, { paint = plain, columns = 80 }: TextOptions): string {
  const clean = escapeDeep(migration);
  const blocks = [
    headLines(clean, columns),
    ...linesOfLevels(clean, columns),
    unchangedBlock(clean, columns),
    configurationBlock(clean),
    hanging([], planned(clean.from), columns),
    clean.assumptions.flatMap((assumption) => hanging([["assumed: ", "dim"]], assumption, columns)),
  ];
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.map((line) => paintLine(line, paint)).join("\n")).join("\n\n")}\n`;
}

function headLines(migration: Migration, columns: number): readonly Line[] {
  const { name, from, to } = migration;
  const leftOut = leftOutSentence(migration);
  return [
    [[`${name}: ${from} -> ${to}`, "dim"]],
    ...hanging([], summaryOf(migration), columns),
    ...(leftOut === undefined ? [] : hanging([], `${leftOut}.`, columns)),
  ];
}

const styles: Readonly<Record<FindingLevel, Style>> = {
  blocked: "red",
  "access-lost": "red",
  "access-gained": "red",
  attention: "yellow",
  note: "dim",
};

/** Findings of a level follow under its name. */
function linesOfLevels({ findings, nodes }: Migration, columns: number): readonly (readonly Line[])[] {
  return findings.map((finding, at) => {
    const isFirst = findings[at - 1]?.level !== finding.level;
    const heading: readonly Line[] = isFirst
      ? [[[levelNames[finding.level].toUpperCase(), styles[finding.level]]]]
      : [];
    const isRepeated = findings.slice(0, at).some(({ code }) => code === finding.code);
    const shown = isRepeated && finding.hint !== undefined ? { ...finding, hint: "as above" } : finding;
    return [...heading, ...linesOfFinding(shown, nodes, columns)];
  });
}

function linesOfFinding(finding: Finding, nodes: readonly string[], columns: number): readonly Line[] {
  const field = (name: string, text: string): readonly Line[] =>
    hanging([[`    ${name.padEnd(8)}  `, "dim"]], text, columns);
  const { message, services, details, example, hint, code } = finding;
  const isEverywhere = finding.nodes.length === nodes.length;
  return [
    ...hanging([["  "]], `${message} [${code}]`, columns),
    ...(services.length === 0 ? [] : field(services.length === 1 ? "Service" : "Services", namesText(services, 6))),
    ...(isEverywhere ? [] : field(finding.nodes.length === 1 ? "node" : "nodes", namesText(finding.nodes, 6))),
    ...(details.length === 0 ? [] : field("details", namesText(details, 4))),
    ...(example === undefined ? [] : exampleLines(example, { field, columns, isEverywhere })),
    ...(finding.isSolvedByConfiguration ? field("solved", "does not change with the configuration below") : []),
    ...(hint === undefined ? [] : field("to do", hint)),
  ];
}

interface ExampleContext {
  readonly field: (name: string, text: string) => readonly Line[];
  readonly columns: number;
  readonly isEverywhere: boolean;
}

/** Both outcomes on one line, if there is room. */
function exampleLines(
  { protocol, from, to, was, now, node }: ExampleOnNode,
  { field, columns, isEverywhere }: ExampleContext,
): readonly Line[] {
  const packet = field("example", `${protocol} ${from} -> ${to}${isEverywhere ? "" : ` on ${node}`}`);
  const both = `${was}   now: ${now}`;
  if (both.length + 14 <= columns) return [...packet, ...field("  was:", both)];
  return [...packet, ...field("  was:", was), ...field("  now:", now)];
}

function unchangedBlock({ unchanged }: Migration, columns: number): readonly Line[] {
  if (unchanged.length === 0) return [];
  return [[["DOES NOT CHANGE", "green"]], ...unchanged.flatMap((text) => hanging([["  "]], text, columns))];
}

function configurationBlock({ configuration }: Migration): readonly Line[] {
  if (configuration.length === 0) return [];
  const lines = configurationLines(configuration).map((line): Line => [[`  ${line}`]]);
  return [
    [
      ["CONFIGURATION", "bold"],
      [" (-o patch prints it for kubectl patch configmap)", "dim"],
    ],
    ...lines,
  ];
}
