import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { escapeControls } from "../../diagnostics/printable.ts";
import { type ColorChoice, painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import type { State } from "../read-state.ts";
import type { SideSource, SideSources } from "./side-request.ts";

/** Prints what was found in both sides, each thing once, under the side it concerns. Gives the counts in words. */
export function tellDiagnostics({ base, head }: SideSources, color: ColorChoice): string {
  const [before, after] = [diagnosticsOf(base), diagnosticsOf(head)];
  const [known, given] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  const groups = [
    {
      heading: `diagnostics for ${nameOf(base, head)}`,
      source: base,
      found: before.filter((one) => !given.has(keyOf(one))),
    },
    {
      heading: `diagnostics for ${nameOf(head, base)}`,
      source: head,
      found: after.filter((one) => !known.has(keyOf(one))),
    },
    { heading: "diagnostics for both sides", source: head, found: after.filter((one) => known.has(keyOf(one))) },
  ].filter(({ found }) => found.length > 0);
  for (const { heading, source, found } of groups) {
    const text = renderDiagnostics(found, stateOf(source)?.inputs.documents ?? [], painter(process.stderr, color));
    process.stderr.write(`${escapeControls(heading)}:\n\n${text}\n`);
  }
  return summarizeDiagnostics(groups.flatMap(({ found }) => found));
}

/** One state under two modes is told apart by them. */
function nameOf(source: SideSource, other: SideSource): string {
  const { mode } = stateOf(source)?.cluster.proxyConfiguration ?? {};
  return source.name === other.name && mode !== undefined ? `${source.name} in ${mode} mode` : source.name;
}

/** One line that the result is to be read with. */
export function tellNote(text: string): void {
  process.stderr.write(`note: ${escapeControls(text)}\n`);
}

function stateOf(source: SideSource): State | undefined {
  return source.kind === "state" ? source.state : undefined;
}

function diagnosticsOf(source: SideSource): readonly Diagnostic[] {
  return stateOf(source)?.sink.diagnostics ?? [];
}

/** The two sides' files have other names and other lines; what is said of which object is the same. */
function keyOf({ code, message, object, field }: Diagnostic): string {
  return [code, message, object, field].join("\n");
}
