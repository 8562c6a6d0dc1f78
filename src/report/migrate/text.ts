import type { ExampleOnNode, Finding, FindingLevel } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";
import { hanging, type Line, type Paint, paintLine, plain, type Style } from "../diff/text-rules.ts";
import { escapeDeep } from "../escape.ts";
import { namesText, plural } from "../words.ts";
import { configurationLines, levelNames, planned, summaryOf } from "./words.ts";

export interface TextOptions {
  readonly paint?: Paint;
  /** The terminal width: 80 if unknown. */
  readonly columns?: number;
}

/** The report as text for a terminal: what must be acted on comes first. */
export function renderText(migration: Migration, { paint = plain, columns = 80 }: TextOptions): string {
  const clean = escapeDeep(migration);
  const blocks = [
    headLines(clean, columns),
    ...linesOfLevels(clean, columns),
    configurationBlock(clean),
    clean.assumptions.flatMap((assumption) => hanging([["assumed: ", "dim"]], assumption, columns)),
  ];
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.map((line) => paintLine(line, paint)).join("\n")).join("\n\n")}\n`;
}

function headLines(migration: Migration, columns: number): readonly Line[] {
  const { name, from, to } = migration;
  return [
    [[`${name}: ${from} -> ${to}`, "dim"]],
    ...hanging([], summaryOf(migration), columns),
    ...hanging([], planned(from), columns),
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
    return [...heading, ...linesOfFinding(finding, nodes, columns)];
  });
}

function linesOfFinding(finding: Finding, nodes: readonly string[], columns: number): readonly Line[] {
  const field = (name: string, text: string): readonly Line[] =>
    hanging([[`    ${name.padEnd(8)}  `, "dim"]], text, columns);
  const { message, services, details, example, hint } = finding;
  const where = finding.nodes.length === nodes.length ? [] : [field("nodes", namesText(finding.nodes, 6))];
  return [
    ...hanging([["  "]], message, columns),
    ...(services.length === 0 ? [] : field(plural(services.length, "port").replace(/.* /, ""), namesText(services, 6))),
    ...where.flat(),
    ...(details.length === 0 ? [] : field("details", namesText(details, 4))),
    ...(example === undefined ? [] : exampleLines(example, field)),
    ...(hint === undefined ? [] : field("to do", hint)),
    ...field("code", finding.code),
  ];
}

function exampleLines(
  { protocol, from, to, was, now }: ExampleOnNode,
  field: (name: string, text: string) => readonly Line[],
): readonly Line[] {
  return [...field("example", `${protocol} ${from} -> ${to}`), ...field("was", was), ...field("now", now)];
}

function configurationBlock(migration: Migration): readonly Line[] {
  const lines = configurationLines(migration.configuration).map((line): Line => [[`  ${line}`]]);
  return [[["Configuration of kube-proxy (ConfigMap kube-system/kube-proxy, key config.conf):", "bold"]], ...lines];
}
