import { escapeControls } from "../../../diagnostics/printable.ts";
import type { Omission } from "../omissions/omission.ts";
import { printSource, type Rendering } from "./source.ts";
import { wrap } from "./wrap.ts";

const mostNamed = 6;

/** With the node in brackets, where it is another. */
const endpoint = /^endpoint (\S+(?: \([^)]*\))?)/;

/** What is not there, as a list: things with one reason together. */
export function renderOmissions(omissions: readonly Omission[], { sourceOf, strong }: Rendering): string {
  if (omissions.length === 0) return "";
  const lines = [`\n${strong("Not there, and why")}\n`];
  let port: string | undefined;
  for (const group of inGroups(omissions)) {
    const [first] = group as [Omission];
    if (first.port !== port && first.port !== undefined) lines.push(`  ${escapeControls(first.port)}\n`);
    port = first.port;
    const margin = port === undefined ? "  " : "    ";
    const source = first.origin && sourceOf(first.origin);
    const where = source === undefined ? "" : ` (${printSource(source)})`;
    const text = escapeControls(`${namesOf(group)}: ${first.why}${where}`);
    lines.push(`${wrap(text, `${margin}- `, `${margin}  `)}\n`);
  }
  return lines.join("");
}

/** The same reason in the same words, for the same service port; what holds for the whole object first. */
function inGroups(omissions: readonly Omission[]): readonly (readonly Omission[])[] {
  const groups = new Map<string, Omission[]>();
  const ports = [undefined, ...new Set(omissions.flatMap(({ port }) => (port === undefined ? [] : [port])))];
  for (const wanted of ports) {
    for (const omission of omissions) {
      const { reason, port, what, why } = omission;
      if (port !== wanted) continue;
      const kind = what.replace(endpoint, "endpoint");
      const key = JSON.stringify([reason, port, kind, why]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [omission]);
      else group.push(omission);
    }
  }
  return [...groups.values()];
}

function namesOf(group: readonly Omission[]): string {
  const names = [...new Set(group.map(({ what }) => what))];
  const [first = "", ...others] = names;
  if (others.length === 0) return first;
  const tail = first.replace(endpoint, "");
  const targets = names.map((name) => endpoint.exec(name)?.[1] ?? "");
  const shown = targets.slice(0, mostNamed).join(", ");
  const more = targets.length > mostNamed ? ` and ${targets.length - mostNamed} more` : "";
  return `endpoints ${shown}${more}${tail}`;
}
