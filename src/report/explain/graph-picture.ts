import { escapeControls } from "../../diagnostics/printable.ts";
import { type ChainGraph, edgeLabel, type GraphNode } from "../../explain/chain/chain-graph.ts";
import { groupBy } from "../../model/group-by.ts";
import { esc } from "../escape.ts";
import { pictureStyle } from "../svg.ts";
import { layOut } from "./graph-layout.ts";

/** `-o svg`: the same from top to bottom, self-contained, with colours for light and dark. */
export function drawGraph({ nodes, edges, more }: ChainGraph): string {
  const boxes = nodes.map((node) => ({ ...node, ...boxOf(linesOf(node.label, widestNode), { letter: 7.3, pad: 20 }) }));
  const arrows = joinEdges(edges).map((edge) => ({ ...edge, ...boxOf(edge.lines, { letter: 6.3, pad: 12 }) }));
  const { nodes: places, ways, width, height } = layOut(boxes, arrows);
  const heights = new Map(boxes.map((box) => [box.id, box.height]));
  const drawn = [
    ...arrows.map((arrow, at) => drawWay(ways[at] ?? [], arrow, (end) => heights.get(arrow[end]) ?? 0)),
    ...boxes.map((box) => drawNode(box, places.get(box.id) ?? { x: 0, y: 0 })),
    more > 0 ? `<text class="more" x="8" y="${height + 14}">and ${more} more</text>` : "",
  ];
  const full = height + (more > 0 ? 22 : 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chains" width="${width}" height="${full}" viewBox="0 0 ${width} ${full}" role="img" aria-label="chains, and the jumps between them">
<style>${style}</style>
${drawn.filter((part) => part !== "").join("\n")}
</svg>
`;
}

const [widestNode, widestLabel, lineHeight] = [32, 24, 15];

interface Lines {
  readonly lines: readonly string[];
}

/** Edges between the same nodes are one arrow with the labels of all. */
function joinEdges(edges: ChainGraph["edges"]): readonly (Lines & { readonly from: string; readonly to: string })[] {
  const groups = groupBy(edges, ({ from, to }) => JSON.stringify([from, to]));
  return [...groups.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const labels = [...new Set(same.map(edgeLabel))];
    const lines = labels.flatMap((label, at) => linesOf(at === 0 ? label : `or ${label}`, widestLabel));
    return [{ from: first.from, to: first.to, lines }];
  });
}

function boxOf(lines: readonly string[], { letter, pad }: { readonly letter: number; readonly pad: number }) {
  const widest = Math.max(0, ...lines.map(({ length }) => length));
  return { lines, width: widest * letter + pad, height: lines.length * lineHeight + 10 };
}

/** A text in lines of at most so many letters, broken after a space, a comma, a slash or a hyphen. */
function linesOf(text: string, widest: number): readonly string[] {
  const parts = escapeControls(text).match(/[^\s/-]+[/-]?\s*|[\s/-]+/g) ?? [];
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && `${line}${part.trimEnd()}`.length <= widest) lines.splice(-1, 1, `${line}${part}`);
    else lines.push(part);
  }
  return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface DrawnBox extends Lines {
  readonly kind: GraphNode["kind"];
  readonly label: string;
  readonly width: number;
  readonly height: number;
}

function drawNode({ kind, label, lines, width, height }: DrawnBox, { x, y }: Point): string {
  const radius = { entry: height / 2, chain: 4, map: 4, endpoint: 8, refusal: 4 }[kind];
  const left = Math.round(x - width / 2);
  const box = `<rect x="${left}" y="${y - height / 2}" width="${Math.round(width)}" height="${height}" rx="${radius}"/>`;
  const title = `<title>${esc(escapeControls(label))}</title>`;
  return `<g class="${kind}">${title}${box}<text text-anchor="middle">${spansOf(lines, { x, y })}</text></g>`;
}

interface Arrow extends Lines {
  readonly height: number;
}

/** From the bottom of a box to the top of another, beside its label. */
function drawWay([from, ...others]: readonly Point[], arrow: Arrow, heightAt: (end: "from" | "to") => number): string {
  const to = others.at(-1);
  if (from === undefined || to === undefined) return "";
  const [label] = others.slice(0, -1);
  const stops = others.slice(0, -1).map(({ x, y }, at) => {
    const half = at === 0 ? arrow.height / 2 : 0;
    return { x, top: y - half, bottom: y + half };
  });
  const start = { x: from.x, top: from.y, bottom: from.y + heightAt("from") / 2 };
  const end = { x: to.x, top: to.y - heightAt("to") / 2 - 1, bottom: to.y };
  const bends = [...stops, end].map((stop, at) => {
    const last = stops[at - 1] ?? start;
    const middle = (last.bottom + stop.top) / 2;
    const straight = stop === end || stop.top === stop.bottom ? "" : `V${stop.bottom}`;
    return `C${last.x} ${middle} ${stop.x} ${middle} ${stop.x} ${stop.top}${straight}`;
  });
  const line = `<path d="M${start.x} ${start.bottom}${bends.join("")}m-4 -6l4 6l4 -6"/>`;
  if (label === undefined || arrow.lines.length === 0) return line;
  return `${line}<text class="label">${spansOf(arrow.lines, { x: label.x + 6, y: label.y })}</text>`;
}

/** Lines around a middle. */
function spansOf(lines: readonly string[], { x, y }: Point): string {
  const first = y - ((lines.length - 1) * lineHeight) / 2 + 4;
  return lines.map((line, at) => `<tspan x="${x}" y="${first + at * lineHeight}">${esc(line)}</tspan>`).join("");
}

const light = {
  text: "fill:#1f2328",
  ".label,.more": "fill:#57606a",
  rect: "fill:#f6f8fa;stroke:#d0d7de",
  path: "fill:none;stroke:#8c959f;stroke-width:1.4",
  ".entry rect": "fill:#fff8e5;stroke:#d4a72c",
  ".chain rect": "fill:#ddf4ff;stroke:#54aeff",
  ".map rect": "fill:#fbefff;stroke:#c297ff",
  ".endpoint rect": "fill:#dafbe1;stroke:#4ac26b",
  ".refusal rect": "fill:#ffebe9;stroke:#ff8182",
};
const dark = {
  text: "fill:#e6edf3",
  ".label,.more": "fill:#9198a1",
  rect: "fill:#21262d;stroke:#444c56",
  ".entry rect": "fill:#34290f;stroke:#9e6a03",
  ".chain rect": "fill:#0c2d4a;stroke:#388bfd",
  ".map rect": "fill:#2b1d42;stroke:#8957e5",
  ".endpoint rect": "fill:#12321c;stroke:#2ea043",
  ".refusal rect": "fill:#3c1618;stroke:#f85149",
};

/** ASCII only. */
const style =
  ".chains text{font:12px ui-monospace,Menlo,Consolas,monospace}" +
  `.chains .label,.chains .more{font:12px ui-sans-serif,system-ui,sans-serif}${pictureStyle(".chains", { light, dark })}`;
