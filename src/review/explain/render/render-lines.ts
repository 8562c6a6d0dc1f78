import { escapeControls } from "../../../diagnostics/printable.ts";
import type { OwnLine } from "../service/own-lines.ts";
import { printCause, type Rendering } from "./source.ts";

/** Lines by file and chain, each run under what it comes from. Lines themselves are never broken: they are for tools. */
export function renderLines(lines: readonly OwnLine[], title: string, { sourceOf, strong }: Rendering): string {
  if (lines.length === 0) return "";
  const parts = [`\n${strong(title)}\n`];
  const isTraced = lines.some((line) => line.cause !== undefined);
  let place = "";
  let cause = "";
  for (const line of lines) {
    const here = printPlace(line);
    const why =
      line.cause === undefined ? (isTraced ? "the state does not ask for it" : "") : printCause(line.cause, sourceOf);
    if (here !== place) parts.push(`  ${here}\n`);
    if (why !== "" && (why !== cause || here !== place)) parts.push(`    ${escapeControls(why)}\n`);
    [place, cause] = [here, why];
    parts.push(`      ${line.line}: ${escapeControls(line.text)}\n`);
  }
  return parts.join("");
}

/** `iptables.restore, table nat, chain KUBE-SERVICES` */
function printPlace({ file, table, chain }: Pick<OwnLine, "file" | "table" | "chain">): string {
  const parts = [file, ...(table === undefined ? [] : [`table ${table}`]), ...(chain === undefined ? [] : [chain])];
  return escapeControls(parts.join(", "));
}
