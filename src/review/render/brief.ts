import type { TrafficChange, TrafficDiff } from "../diff/traffic-diff.ts";
import { escapeDeep } from "./escape-deep.ts";
import { leftOutSentence } from "./sentences.ts";
import { groupByService } from "./service-groups.ts";
import { placeText, plural, signs } from "./words.ts";

/**
 * One line per change of behaviour, to be read, counted and searched: sign, severity, service (`-` where none explains
 * the address), address and headline, nodes, source. Nothing where no packet is treated differently. What a narrowed
 * diff leaves out is told in a line that begins with #.
 */
export function renderBrief(diff: TrafficDiff): string {
  const clean = escapeDeep(diff);
  const { groups } = groupByService(clean.changes);
  const leftOut = leftOutSentence(clean);
  const lines = groups.flatMap(({ changes }) => changes.map((change) => `${briefLine(change)}\n`));
  return lines.join("") + (leftOut === undefined ? "" : `# ${leftOut}\n`);
}

function briefLine({ kind, severity, service, vip, headline, nodes, source }: TrafficChange): string {
  const where = nodes.length === 1 ? nodes[0] : plural(nodes.length, "node");
  const place = source === undefined ? "" : ` (${placeText(source)})`;
  return `${signs[kind]} ${severity} ${service ?? "-"} ${vip}: ${headline}, on ${where}${place}`;
}
