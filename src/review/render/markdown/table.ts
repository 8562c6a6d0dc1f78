import type { TrafficChange } from "../../diff/traffic-diff.ts";
import { foldAlike, type ServiceGroup } from "../service-groups.ts";
import { placeText, severityNames, signs } from "../words.ts";
import { code, prose } from "./escape.ts";

/** Every change of behaviour in a row; addresses on which one service port changes alike share one. */
export function changesTable(groups: readonly ServiceGroup[]): string {
  const rows = groups.flatMap(({ changes }) =>
    foldAlike(changes).map(({ change, also }) => {
      const more = also.length === 0 ? "" : ` and ${also.length} more`;
      const source = change.source === undefined ? "" : code(placeText(change.source));
      const cells = [...startOf(change, ""), code(change.vip) + more, prose(change.headline), severityText(change)];
      return `| ${[...cells, `${change.nodes.length}`, source].join(" | ")} |`;
    }),
  );
  return `| | Service | Address | What changes | Severity | Nodes | Source |\n|:-:|:--|:--|:--|:--|--:|:--|\n${rows.join("\n")}`;
}

/** The worst change of each service port, and no more than that. */
export function shortTable(groups: readonly ServiceGroup[]): string {
  const rows = groups.map(({ worst, changes }) => {
    const more = changes.length === 1 ? "" : `, and ${changes.length - 1} more`;
    return `| ${[...startOf(worst, ` ${code(worst.vip)}`), prose(worst.headline) + more].join(" | ")} |`;
  });
  return `| | Service | What changes |\n|:-:|:--|:--|\n${rows.join("\n")}`;
}

function startOf({ kind, service }: TrafficChange, address: string): readonly string[] {
  return [signs[kind], service === undefined ? `_no Service_${address}` : code(service)];
}

function severityText({ severity }: TrafficChange): string {
  const name = severityNames[severity];
  return severity === "access-widened" || severity === "access-lost" ? `**${name}**` : name;
}
