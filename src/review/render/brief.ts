import type { TrafficChange, TrafficDiff } from "../diff/traffic-diff.ts";
import { escapeDeep } from "./escape-deep.ts";
import { groupByService } from "./service-groups.ts";
import { placeText, plural, signs } from "./words.ts";

/**
 * One line per change of behaviour, to be read, counted and searched: sign, severity, service (`-` where none explains
 * the address), address and headline, nodes, source. Nothing where no packet is treated differently.
 */
export function renderBrief(diff: TrafficDiff): string {
  const clean = escapeDeep(diff);
  const { groups } = groupByService(clean.changes);
  return groups.flatMap(({ changes }) => changes.map((change) => `${briefLine(change)}\n`)).join("");
}

function briefLine({ kind, severity, service, vip, headline, nodes, source }: TrafficChange): string {
  const where = nodes.length === 1 ? nodes[0] : plural(nodes.length, "node");
  const place = source === undefined ? "" : ` (${placeText(source)})`;
  return `${signs[kind]} ${severity} ${service ?? "-"} ${vip}: ${headline}, on ${where}${place}`;
}
