import { printPart } from "../../datapath/share.ts";
import type { EndpointLabel, TrafficChange } from "../../diff/traffic-diff.ts";
import { type ClassPair, type OutcomePair, outcomeNotes, pairClasses } from "./pair-outcomes.ts";
import { hanging, type Line, type Style, widthOf } from "./text-rules.ts";

const cellWidth = 9;
const widestTarget = 58;

/** The load distribution by class of sources: one row per endpoint, its share before and after. */
export function linesOfClasses(change: TrafficChange, columns: number): readonly Line[] {
  const labels = [...change.endpoints.removed, ...change.endpoints.added];
  return pairClasses(change).flatMap((pair) => linesOfClass(pair, labels, columns));
}

function linesOfClass(pair: ClassPair, labels: readonly EndpointLabel[], columns: number): readonly Line[] {
  const from = `from ${pair.from}`;
  if (pair.same) return [[["    "], [from], ["  unchanged", "dim"]]];
  const targets = pair.rows.map((row) => targetText(row, labels));
  const lengths = targets.map(([name, note]) => name.length + note.length);
  const width = Math.min(widestTarget, Math.max(from.length - 2, ...lengths));
  const head: Line = [
    ["    "],
    [from.padEnd(width + 2)],
    ["before".padStart(cellWidth + 1), "dim"],
    ["after".padStart(cellWidth), "dim"],
  ];
  const rows = pair.rows.flatMap((row, index) => {
    const [name, note] = targets[index] as readonly [string, string];
    const style = rowStyle(row, pair);
    const sign = style === "red" ? "- " : style === "green" ? "+ " : "  ";
    const line: Line = [
      ["    "],
      style === undefined ? [sign + name] : [sign + name, style],
      [note.padEnd(Math.max(0, width - name.length)), "dim"],
      [" "],
      [cell(row.before, pair.told !== "after").padStart(cellWidth)],
      [cell(row.after, pair.told !== "before").padStart(cellWidth)],
    ];
    const notes = outcomeNotes(row).join(", ");
    if (notes === "") return [line];
    const inRow: Line = [...line, ["  "], [notes, "dim"]];
    return widthOf(inRow) <= columns ? [inRow] : [line, ...hanging([["        "]], notes, columns)];
  });
  return [head, ...rows];
}

function targetText({ target }: OutcomePair, labels: readonly EndpointLabel[]): readonly [string, string] {
  const label = labels.find((one) => one.target === target);
  return [target, label === undefined ? "" : endpointNote(label)];
}

function rowStyle({ before, after }: OutcomePair, { told }: ClassPair): Style | undefined {
  if (told !== "both") return undefined;
  return after === undefined ? "red" : before === undefined ? "green" : undefined;
}

function cell(outcome: OutcomePair["before"], told: boolean): string {
  return outcome === undefined ? (told ? "-" : "") : printPart(outcome.share);
}

/** `  (pod web-c, node n3)`, or nothing. */
export function endpointNote({ pod, node }: EndpointLabel): string {
  const parts = [pod === undefined ? "" : `pod ${pod}`, node === undefined ? "" : `node ${node}`];
  const known = parts.filter((part) => part !== "");
  return known.length === 0 ? "" : `  (${known.join(", ")})`;
}
