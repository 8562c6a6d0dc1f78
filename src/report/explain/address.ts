import { escapeControls } from "../../diagnostics/printable.ts";
import type { AddressExplanation, AddressFact } from "../../explain/explain-address.ts";
import { printSource, type Rendering, type SourceOf } from "../../explain/explanation.ts";
import { lineDocument } from "./documents.ts";
import { renderLines } from "./line.ts";
import { wrap } from "./tree.ts";

/** `-o text` of an address or a pod: whose it is, then the lines that name it. */
export function renderAddress({ subject, facts, parts }: AddressExplanation, rendering: Rendering): string {
  const { strong, sourceOf } = rendering;
  const addresses = new Set(facts.map(({ address }) => address));
  const isShown = addresses.size > 1 || !subject.includes([...addresses][0] ?? "");
  const rows = facts.map((fact) => wrap(escapeControls(factWords(fact, isShown, sourceOf)), "  - ", "    "));
  const unknown = wrap("nothing that was read says whose it is", "  ", "  ");
  return [
    `${strong(escapeControls(subject))}\n`,
    `${(rows.length === 0 ? [unknown] : rows).join("\n")}\n`,
    ...parts.map(({ nodes, lines }) => {
      const where = nodes.filter((node) => node !== "").join(", ");
      const on = where === "" ? "" : ` on ${escapeControls(where)}`;
      if (lines.length === 0) return `\nNo rule${on} names it.\n`;
      return renderLines(lines, `Lines that name it${on} (${lines.length})`, rendering);
    }),
  ].join("");
}

function factWords(
  { address, what, object, detail, origin }: AddressFact,
  isShown: boolean,
  sourceOf: SourceOf,
): string {
  const source = origin && sourceOf(origin);
  const where = source === undefined ? "" : ` (${printSource(source)})`;
  return `${isShown ? `${address}: ` : ""}${what} of ${object}${detail === "" ? "" : `, ${detail}`}${where}`;
}

/** `-o json` of the same. */
export function addressDocument({ subject, facts, parts }: AddressExplanation, sourceOf: SourceOf): object {
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "AddressExplanation",
    subject,
    facts: facts.map(({ origin, ...fact }) => ({ ...fact, source: origin && sourceOf(origin) })),
    nodes: parts.map(({ nodes, lines }) => ({ nodes, lines: lines.map((line) => lineDocument(line, sourceOf)) })),
  };
}
