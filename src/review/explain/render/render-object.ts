import { escapeControls } from "../../../diagnostics/printable.ts";
import type { ChainGraph } from "../chain/chain-graph.ts";
import type { NodePart, ObjectExplanation } from "../service/explain-service.ts";
import { renderLines } from "./render-lines.ts";
import { renderOmissions } from "./render-omissions.ts";
import { renderPort } from "./render-port.ts";
import { renderTree } from "./render-tree.ts";
import { printSource, type Rendering } from "./source.ts";
import { wrap } from "./wrap.ts";

/**
 * `-o text` of a Service or of its endpoints: for each kind of node a picture, what is not there, and every line.
 * `graph` is drawn where there is no plan to tell more, of a dump.
 */
export function renderObject(
  { object, type, origin, parts }: ObjectExplanation,
  graph: ChainGraph | undefined,
  rendering: Rendering,
): string {
  const source = origin && rendering.sourceOf(origin);
  const where = source === undefined ? "" : ` (${printSource(source)})`;
  const kind = type === undefined ? "" : `, ${type}`;
  const head = `${rendering.strong(escapeControls(object))}${escapeControls(`${kind}${where}`)}\n`;
  return head + parts.map((part) => renderPart(part, graph, rendering)).join("\n");
}

function renderPart(part: NodePart, graph: ChainGraph | undefined, rendering: Rendering): string {
  const { nodes, ports, omissions, lines, missing } = part;
  return [
    `${wrap(nodes.map(escapeControls).join(", "), "on ", "   ")}\n`,
    graph === undefined || ports.length === 0 ? "" : `\n${rendering.strong("As the state wants it")}\n`,
    ...ports.map((port) => renderPort(port, rendering)),
    graph === undefined ? "" : `\n${rendering.strong("As the chains lead there")}\n${renderTree(graph)}`,
    renderOmissions(omissions, rendering, new Set(ports.map(({ family }) => family)).size > 1),
    lines.length === 0 ? "\nNo line is there because of it.\n" : renderLines(lines, countOf(lines.length), rendering),
    renderLines(missing, "Not there, though the state asks for it", rendering),
  ].join("");
}

function countOf(count: number): string {
  return count === 1 ? "The line that is there because of it" : `The ${count} lines that are there because of it`;
}
