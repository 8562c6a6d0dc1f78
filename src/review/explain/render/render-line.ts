import { escapeControls } from "../../../diagnostics/printable.ts";
import type { RuleExplanation } from "../chain/explain-line.ts";
import { describePart } from "../share.ts";
import { renderRule } from "./render-chain.ts";
import { printCause, type Rendering } from "./source.ts";
import { wrap } from "./wrap.ts";

/** `-o text` of a rule. `where` says what was searched: `the rules of node1`; undefined: nothing was. */
export function renderRuleExplanation(
  explanation: RuleExplanation,
  rendering: Rendering,
  where: string | undefined,
): string {
  const { text, chain, matches, target, found, nearest } = explanation;
  const asked = matches.map(({ words }) => `${wrap(escapeControls(words), "  - ", "    ")}\n`);
  const parts = [
    `${rendering.strong(escapeControls(text))}\n\n`,
    asked.length === 0
      ? `Every packet that comes to ${escapeControls(chain)}\n`
      : `In ${escapeControls(chain)}, a packet\n${asked.join("")}`,
    `will\n${wrap(escapeControls(target), "  - ", "    ")}\n`,
  ];
  for (const rule of found) {
    const { nodes, file, line, table, number, purpose, share, cause } = rule;
    const at = `It is rule ${number} of ${chain} in table ${table}, on ${nodes.join(", ")} (${file}:${line}).`;
    parts.push(`\n${wrap(escapeControls(at))}\n`);
    if (share !== undefined) parts.push(`It takes ${describePart(share.part)} of what comes to this fork.\n`);
    if (cause !== undefined) parts.push(`${wrap(escapeControls(`It is ${printCause(cause, rendering.sourceOf)}.`))}\n`);
    parts.push(`${wrap(escapeControls(`${chain} ${purpose}.`))}\n`);
  }
  if (found.length === 0 && where !== undefined) {
    parts.push(`\n${wrap(escapeControls(`It is not in ${where}.`))}\n`);
    if (nearest.length > 0) parts.push("Nearest there:\n", ...nearest.map((rule) => renderRule(rule, rendering)));
  }
  return parts.join("");
}
