import { displayWidth, wrapWords } from "../../diagnostics/printable.ts";
import type { ChainRules, NodeRules, TrafficDiff } from "../../diff/traffic-diff.ts";
import { namesText, plural, ruleCounts } from "../words.ts";

/** The lines of every chain that differs, by group of nodes: a block for each chain. */
export function linesOfRules({ rules, nodes }: TrafficDiff): readonly (readonly Line[])[] {
  return rules.flatMap((group) => [[headOf(group, nodes)], ...group.chains.map(linesOfChain)]);
}

function headOf(group: NodeRules, nodes: readonly string[]): Line {
  const every = group.nodes.length === nodes.length && nodes.length > 1;
  const where = every ? `Rules on each of ${plural(nodes.length, "node")}` : `Rules on ${namesText(group.nodes)}`;
  const moved = group.moved === 0 ? "" : `, ${group.moved} moved`;
  return [[`${where}: ${ruleCounts(group)}${moved}`, "bold"]];
}

function linesOfChain(chain: ChainRules): readonly Line[] {
  const head: Line = [[chainTitle(chain), "cyan"]];
  return [
    head,
    ...chain.lines.map(({ sign, text }): Line => [["  "], [`${sign} ${text}`, sign === "+" ? "green" : "red"]]),
  ];
}

/** `nat KUBE-SEP-A (IPv4): removed` */
export function chainTitle({ where, kind, renamedTo }: ChainRules): string {
  switch (kind) {
    case "added":
    case "removed":
      return `${where}: ${kind}`;
    case "changed":
      return where;
    case "moved":
      return `${where}: the same rules in another order or format`;
    case "renamed":
      return `${where}: the same rules, renamed to ${renamedTo ?? "another name"}`;
  }
}

/** Applies a style to text: terminal colours, or nothing. */
export type Paint = (style: Style, text: string) => string;
export type Style = "red" | "yellow" | "green" | "cyan" | "bold" | "dim";

/** A line as spans, measured before they are painted. */
export type Line = readonly Span[];
export type Span = readonly [text: string, style?: Style];

export const plain: Paint = (_, text) => text;

export function widthOf(line: Line): number {
  return line.reduce((width, [text]) => width + displayWidth(text), 0);
}

export function paintLine(line: Line, paint: Paint): string {
  return line
    .map(([text, style]) => (style === undefined ? text : paint(style, text)))
    .join("")
    .trimEnd();
}

/** The line with this span at the right edge; undefined if there is no room. */
export function withRight(line: Line, right: Span, columns: number): Line | undefined {
  const gap = columns - widthOf(line) - displayWidth(right[0]);
  return gap < 2 ? undefined : [...line, [" ".repeat(gap)], right];
}

/** The lines with this span at the right edge of the last one, or below it. */
export function endRight(lines: readonly Line[], right: Span, columns: number): readonly Line[] {
  const last = lines.at(-1) ?? [];
  const longer = withRight(last, right, columns);
  return longer === undefined
    ? [...lines, withRight([["    "]], right, columns) ?? [["    "], right]]
    : [...lines.slice(0, -1), longer];
}

/** Wrapped text after a first span; further lines are indented to the text. */
export function hanging(first: Line, text: string, columns: number): readonly Line[] {
  const indent = widthOf(first);
  return wrapWords(text, Math.max(20, columns - indent)).map(
    (words, index): Line => (index === 0 ? [...first, [words]] : [[" ".repeat(indent)], [words]]),
  );
}

/** The column widths of each entry, and the requested detail. */
export interface Layout {
  readonly name: number;
  readonly vip: number;
  readonly columns: number;
  readonly full: boolean;
  readonly compared: readonly string[];
}
