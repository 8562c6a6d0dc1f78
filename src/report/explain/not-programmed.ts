import { escapeControls } from "../../diagnostics/printable.ts";
import { printSource, type Rendering } from "../../explain/explanation.ts";
import type { NotProgrammed } from "../../explain/not-programmed/not-programmed.ts";
import { familyNames } from "../../model/address.ts";
import { wrap } from "./tree.ts";

const mostNamed = 6;

/** An endpoint, with its node in brackets if it is on another node. */
const endpoint = /^endpoint (\S+(?: \([^)]*\))?)/;

/** What is not generated, as a list, grouped by reason. */
export function renderOmissions(
  omissions: readonly NotProgrammed[],
  { sourceOf, strong }: Rendering,
  isDual = false,
): string {
  if (omissions.length === 0) return "";
  const lines = [`\n${strong("Not generated, and why")}\n`];
  let heading = "";
  for (const group of inGroups(omissions)) {
    const [first] = group as [NotProgrammed];
    const family = isDual && first.family !== undefined ? `, ${familyNames[first.family]}` : "";
    const here = first.port === undefined ? "" : `${first.port}${family}`;
    if (here !== heading && here !== "") lines.push(`  ${escapeControls(here)}\n`);
    heading = here;
    const margin = heading === "" ? "  " : "    ";
    const source = first.origin && sourceOf(first.origin);
    const where = source === undefined ? "" : ` (${printSource(source)})`;
    const text = escapeControls(`${namesOf(group)}: ${first.why}${where}`);
    lines.push(`${wrap(text, `${margin}- `, `${margin}  `)}\n`);
  }
  return lines.join("");
}

/** Groups by reason, service port and family; reasons for the whole object come first. */
function inGroups(omissions: readonly NotProgrammed[]): readonly (readonly NotProgrammed[])[] {
  const groups = new Map<string, NotProgrammed[]>();
  const whole = omissions.filter(({ port }) => port === undefined);
  const ofPorts = omissions.filter(({ port }) => port !== undefined);
  const headings = [...new Set(ofPorts.map(headingOf))];
  const sorted = headings.flatMap((heading) => ofPorts.filter((omission) => headingOf(omission) === heading));
  for (const omission of [...whole, ...sorted]) {
    const { reason, what, why } = omission;
    const key = JSON.stringify([reason, headingOf(omission), what.replace(endpoint, "endpoint"), why]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [omission]);
    else group.push(omission);
  }
  return [...groups.values()];
}

function headingOf({ port, family }: NotProgrammed): string {
  return `${port ?? ""} ${family ?? ""}`;
}

function namesOf(group: readonly NotProgrammed[]): string {
  const names = [...new Set(group.map(({ what }) => what))];
  const [first = "", ...others] = names;
  if (others.length === 0) return first;
  const tail = first.replace(endpoint, "");
  const targets = names.map((name) => endpoint.exec(name)?.[1] ?? "");
  const shown = targets.slice(0, mostNamed).join(", ");
  const more = targets.length > mostNamed ? ` and ${targets.length - mostNamed} more` : "";
  return `endpoints ${shown}${more}${tail}`;
}
