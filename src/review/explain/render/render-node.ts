import { escapeControls } from "../../../diagnostics/printable.ts";
import type { NodeExplanation } from "../service/explain-node.ts";
import { renderOmissions } from "./render-omissions.ts";
import type { Rendering } from "./source.ts";
import { wrap } from "./wrap.ts";

/** `-o text` of Nodes. */
export function renderNode({ node, facts, omissions, lines }: NodeExplanation, rendering: Rendering): string {
  const width = Math.max(...facts.map(({ what }) => what.length)) + 2;
  const margin = " ".repeat(width + 2);
  const rows = facts.map(({ what, value }) => `${wrap(escapeControls(value), `  ${what.padEnd(width)}`, margin)}\n`);
  return [
    `${rendering.strong(escapeControls(`Node ${node}`))}\n`,
    ...rows,
    `  ${"lines".padEnd(width)}${lines.total}, ${lines.always} of them there whatever the Services\n`,
    renderOmissions(omissions, rendering),
  ].join("");
}
