import type { EndpointLabel, TrafficChange } from "../../diff/traffic-diff.ts";
import { placeText, signs } from "../words.ts";
import type { AlikeChanges } from "./fold-changes.ts";
import { endpointNote, linesOfClasses } from "./text-classes.ts";
import { hanging, type Layout, type Line, type Span, type Style, widthOf, withRight } from "./text-rules.ts";

export const kindStyles = { added: "green", changed: "yellow", removed: "red" } as const satisfies Record<
  string,
  Style
>;

/** One entry: sign, name, address and headline; details below; its source at the right if there is room. */
export function linesOfChange({ change, also, where }: AlikeChanges, layout: Layout): readonly Line[] {
  const { columns, full } = layout;
  const lines: Line[] = [
    ...headOf(change, layout),
    ...(full ? linesOfClasses(change, columns) : linesOfEndpoints(change)),
    ...change.details.flatMap((detail) => linesOfDetail(detail, change, columns)),
  ];
  if (also.length > 0) lines.push(...hanging([["    "], ["also on ", "dim"]], also.join(", "), columns));
  if (where !== undefined) lines.push(...hanging([["    "]], where, columns));
  if (full || showsExamplePacket(change)) lines.push(...linesOfExamplePacket(change, columns));
  return change.source === undefined ? lines : placeRight(lines, [placeText(change.source), "cyan"], layout);
}

/** Shown in place of the name of a service port. */
export const noService = "(no Service)";

function headOf({ kind, vip, headline, service = noService }: TrafficChange, layout: Layout): readonly Line[] {
  const style = kindStyles[kind];
  const name: Span = [service.padEnd(layout.name), "bold"];
  const named: Line = [[signs[kind], style], [" "], name, ["  "], [vip.padEnd(layout.vip)]];
  const row: Line = [...named, ["  "], [headline, style]];
  return widthOf(row) <= layout.columns ? [row] : [named, ...hanging([["    "]], headline, layout.columns)];
}

const mostEndpoints = 6;

function linesOfEndpoints({ endpoints }: TrafficChange): readonly Line[] {
  const of = (labels: readonly EndpointLabel[], sign: "+" | "-"): readonly Line[] => {
    const style = sign === "+" ? "green" : "red";
    const shown = labels.slice(0, labels.length > mostEndpoints ? mostEndpoints - 1 : mostEndpoints);
    const rows = shown.map(
      (label): Line => [["    "], [`${sign} ${label.target}`, style], [endpointNote(label), "dim"]],
    );
    const left = labels.length - shown.length;
    return left === 0 ? rows : [...rows, [["    "], [`${sign} ${left} more`, style]]];
  };
  return [...of(endpoints.removed, "-"), ...of(endpoints.added, "+")];
}

function linesOfDetail(detail: string, { severity }: TrafficChange, columns: number): readonly Line[] {
  const grave = severity === "access-widened" || severity === "access-lost" || severity === "source-address";
  return hanging(grave ? [["    "], ["! ", "red"]] : [["    "]], detail, columns);
}

/** For a new load distribution the details are enough; changes of access or of the client IP need an example packet. */
function showsExamplePacket({ severity }: TrafficChange): boolean {
  switch (severity) {
    case "access-widened":
    case "access-lost":
    case "source-address":
      return true;
    case "load-distribution":
    case "affinity":
    case "cosmetic":
      return false;
  }
}

function linesOfExamplePacket({ examplePacket }: TrafficChange, columns: number): readonly Line[] {
  const { protocol, from, to, was, now } = examplePacket;
  const packet: Line = [["    "], ["example  ", "dim"], [`${protocol} ${from} -> ${to}`]];
  const one: Line = [...packet, ["   "], ["was: ", "dim"], [was], ["   "], ["now: ", "dim"], [now]];
  if (widthOf(one) <= columns) return [one];
  const below = " ".repeat(13);
  const both: Line = [[below], ["was: ", "dim"], [was], ["   "], ["now: ", "dim"], [now]];
  if (widthOf(both) <= columns) return [packet, both];
  return [
    packet,
    ...hanging([[below], ["was: ", "dim"]], was, columns),
    ...hanging([[below], ["now: ", "dim"]], now, columns),
  ];
}

/** On the first line, or on the next one if that is not a table; otherwise on its own line. */
function placeRight(lines: readonly Line[], right: Span, { columns, full }: Layout): readonly Line[] {
  for (const [index, line] of lines.slice(0, full ? 1 : 2).entries()) {
    const longer = withRight(line, right, columns);
    if (longer !== undefined) return lines.with(index, longer);
  }
  return lines.toSpliced(1, 0, withRight([["    "]], right, columns) ?? [["    "], right]);
}
