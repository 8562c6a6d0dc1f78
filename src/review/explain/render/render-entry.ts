import { escapeControls } from "../../../diagnostics/printable.ts";
import type { EntryExplanation } from "../chain/explain-entry.ts";
import { renderRule } from "./render-chain.ts";
import { printCause, type Rendering } from "./source.ts";
import { wrap } from "./wrap.ts";

/** `-o text` of a line of the sets or virtual servers. */
export function renderEntry({ text, parts }: EntryExplanation, rendering: Rendering): string {
  const shown = parts.map(({ nodes, file, line, purpose, cause, rules }) => {
    const from =
      cause === undefined ? "" : `\n${wrap(escapeControls(`It is ${printCause(cause, rendering.sourceOf)}.`))}`;
    const asking =
      rules.length === 0
        ? ""
        : `\n  Rules that ask for the set\n${rules.map((rule) => renderRule(rule, rendering)).join("")}`;
    const where = `It ${purpose} (${file}:${line}, on ${nodes.join(", ")}).`;
    return `${wrap(escapeControls(where))}${from}\n${asking}`;
  });
  return `${rendering.strong(escapeControls(text))}\n${shown.join("\n")}`;
}
