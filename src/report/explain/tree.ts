import { escapeControls } from "../../diagnostics/printable.ts";
import { type ChainGraph, edgeLabel, type GraphEdge } from "../../explain/chain/chain-graph.ts";

const deepest = 8;

/** A graph as an indented text, from its start; a node that was shown is not repeated. */
export function renderTree({ nodes, edges, more }: ChainGraph): string {
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  const from = new Map<string, GraphEdge[]>();
  for (const edge of edges) from.set(edge.from, [...(from.get(edge.from) ?? []), edge]);
  const targets = new Set(edges.map(({ to }) => to));
  const shown = new Set<string>();
  const lines: string[] = [];
  const draw = (id: string, margin: string, depth: number): void => {
    if (shown.has(id) || depth > deepest) return;
    shown.add(id);
    for (const edge of from.get(id) ?? []) {
      const label = edgeLabel(edge);
      const isAgain = shown.has(edge.to) && (from.get(edge.to)?.length ?? 0) > 0;
      const text = `${label === "" ? "" : `${label}: `}${labels.get(edge.to) ?? edge.to}${isAgain ? " (above)" : ""}`;
      lines.push(wrap(escapeControls(text), `${margin}-> `, `${margin}   `));
      draw(edge.to, `${margin}  `, depth + 1);
    }
  };
  for (const { id, label } of nodes) {
    if (targets.has(id)) continue;
    lines.push(`  ${escapeControls(label)}`);
    draw(id, "  ", 0);
  }
  if (more > 0) lines.push(`  and ${more} more`);
  return lines.map((line) => `${line}\n`).join("");
}

const width = 80;

/** Breaks a text at blanks to 80 columns; every line but the first is indented by `hang`. A long word stays whole. */
export function wrap(text: string, first = "", hang = first): string {
  const lines: string[] = [first];
  let isEmpty = true;
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] as string;
    if (isEmpty) lines[lines.length - 1] = last + word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(hang + word);
    isEmpty = false;
  }
  return lines.join("\n");
}
