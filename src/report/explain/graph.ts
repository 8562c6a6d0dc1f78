import { escapeControls } from "../../diagnostics/printable.ts";
import { type ChainGraph, edgeLabel, type GraphNode } from "../../explain/chain/chain-graph.ts";
import { drawGraph } from "./graph-picture.ts";

/** A graph in each form that `-o` takes. */
export const drawings = { mermaid: printMermaid, dot: printDot, svg: drawGraph } as const;

export type Drawing = keyof typeof drawings;

/** `-o mermaid`: a flowchart. Labels may contain any character: all but plain ones are written as numbers. */
export function printMermaid({ nodes, edges, more }: ChainGraph): string {
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const lines = ["flowchart LR"];
  for (const node of nodes) lines.push(`  ${ids.get(node.id)}${mermaidShape(node)}`);
  for (const edge of edges) {
    const label = mermaidText(edgeLabel(edge));
    lines.push(`  ${ids.get(edge.from)} -->${label === "" ? "" : `|"${label}"|`} ${ids.get(edge.to)}`);
  }
  if (more > 0) lines.push(`  more["and ${more} more"]`);
  return `${lines.join("\n")}\n`;
}

function mermaidShape({ label, kind }: GraphNode): string {
  const text = `"${mermaidText(label)}"`;
  switch (kind) {
    case "entry":
      return `([${text}])`;
    case "chain":
      return `[${text}]`;
    case "map":
      return `[(${text})]`;
    case "endpoint":
      return `(${text})`;
    case "refusal":
      return `{{${text}}}`;
  }
}

function mermaidText(text: string): string {
  return escapeControls(text).replace(/[^A-Za-z0-9 .,:/_()%-]/gu, (char) => `#${char.codePointAt(0)};`);
}

const dotShapes: Readonly<Record<GraphNode["kind"], string>> = {
  entry: "oval",
  chain: "box",
  map: "cylinder",
  endpoint: "box, style=rounded",
  refusal: "octagon",
};

/** `-o dot`: a graph for Graphviz. */
export function printDot({ nodes, edges, more }: ChainGraph): string {
  const ids = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const lines = ["digraph chains {", "  rankdir=LR;", '  node [fontname="monospace"];'];
  for (const { id, label, kind } of nodes) {
    lines.push(`  ${ids.get(id)} [label=${dotText(label)}, shape=${dotShapes[kind]}];`);
  }
  for (const edge of edges) {
    const label = edgeLabel(edge);
    const attributes = label === "" ? "" : ` [label=${dotText(label)}]`;
    lines.push(`  ${ids.get(edge.from)} -> ${ids.get(edge.to)}${attributes};`);
  }
  if (more > 0) lines.push(`  more [label="and ${more} more", shape=plaintext];`);
  return `${lines.join("\n")}\n}\n`;
}

function dotText(text: string): string {
  return `"${escapeControls(text).replace(/["\\]/g, "\\$&")}"`;
}
