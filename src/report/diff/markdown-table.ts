import type { TrafficChange } from "../../diff/traffic-diff.ts";
import { code, prose } from "../escape.ts";
import { plural, severityNames, signs } from "../words.ts";
import { foldAlike } from "./fold-changes.ts";
import { type BlockContext, placeCode } from "./service-block.ts";
import type { ServiceGroup } from "./service-groups.ts";

/** Every change of behaviour in a row; addresses of a service port with the same change share a row. */
export function changesTable(groups: readonly ServiceGroup[], { compared, linkBase }: BlockContext): string {
  const rows = groups.flatMap(({ changes }) =>
    foldAlike(changes, compared).map(({ change, also }) => {
      const more = also.length === 0 ? "" : ` and ${also.length} more`;
      const source = change.source === undefined ? "" : placeCode(change.source, linkBase);
      const cells = [...startOf(change, ""), code(change.vip) + more, prose(change.headline), severityText(change)];
      return `| ${[...cells, `${change.nodes.length}`, source].join(" | ")} |`;
    }),
  );
  return `| | Service | Address | What changes | Severity | Nodes | Source |\n|:-:|:--|:--|:--|:--|--:|:--|\n${rows.join("\n")}`;
}

/** Only the worst change of each service port. */
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

/** Only the names of what changes, by namespace: used if even a table is too long. */
export function namesByNamespace(groups: readonly ServiceGroup[]): string {
  return [...byNamespace(groups)]
    .map(([namespace, members]) => {
      const names = members.map(({ name, worst }) =>
        code(`${signs[worst.kind]}${name.slice(namespace.length + 1) || name}`),
      );
      return `- ${titleOf(namespace)}: ${names.join(" ")}`;
    })
    .join("\n");
}

const mostNamespaces = 300;

/** How many service ports change in each namespace. */
export function namespaceCounts(groups: readonly ServiceGroup[]): string {
  const counts = [...byNamespace(groups)].map(
    ([namespace, { length }]) =>
      `- ${titleOf(namespace)}: ${plural(length, namespace === "" ? "address" : "service port")}`,
  );
  const left = counts.length - mostNamespaces;
  return [...counts.slice(0, mostNamespaces), ...(left > 0 ? [`- and ${plural(left, "more namespace")}`] : [])].join(
    "\n",
  );
}

function titleOf(namespace: string): string {
  return namespace === "" ? "no Service" : code(namespace);
}

function byNamespace(groups: readonly ServiceGroup[]): ReadonlyMap<string, readonly ServiceGroup[]> {
  const namespaces = new Map<string, ServiceGroup[]>();
  for (const group of groups) {
    const namespace = group.isService ? group.name.slice(0, group.name.indexOf("/")) : "";
    const members = namespaces.get(namespace);
    if (members === undefined) namespaces.set(namespace, [group]);
    else members.push(group);
  }
  return namespaces;
}
