import type { TrafficChange } from "../../../diff/traffic-diff.ts";
import { esc, mono } from "../../escape.ts";
import { plural } from "../../words.ts";
import type { ServiceGroup } from "../service-groups.ts";
import { signBadge } from "./card.ts";

const mostColumns = 32;
const fewRows = 40;

/** Which service port changes on which node. Nodes with the same changes share a column. */
export function nodeMatrix(
  groups: readonly ServiceGroup[],
  nodes: readonly string[],
  idOf: (index: number) => string,
): string {
  const kinds = groups.map(kindByNode);
  const columns = foldNodes(nodes, kinds);
  const shown = columns.slice(0, mostColumns);
  const head = shown.map((column) => `<th scope="col"><span>${esc(columnName(column))}</span></th>`).join("");
  const rows = groups.map(({ name }, index) => {
    const cells = shown.map(([node = ""]) => {
      const kind = kinds[index]?.get(node);
      return kind === undefined ? `<td><span class="unseen">unchanged</span></td>` : `<td>${signBadge(kind)}</td>`;
    });
    return `<tr><th scope="row"><a href="#${idOf(index)}">${mono(name)}</a></th>${cells.join("")}</tr>`;
  });
  const left = columns.length - shown.length;
  const note = left > 0 ? `<p>${plural(left, "more column")} of nodes not shown.</p>` : "";
  const dense = shown.length > 6 ? " dense" : "";
  const table = `<div class="scroll" tabindex="0" role="region" aria-label="Services by node"><table class="matrix${dense}"><caption>${captionOf(columns, nodes)}</caption><thead><tr><th scope="col">Service</th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>${note}${membersOf(shown)}`;
  return groups.length <= fewRows
    ? table
    : `<details><summary>${plural(groups.length, "row")}</summary>${table}</details>`;
}

/** On a node with several changes of one service port, the worst. */
function kindByNode({ changes }: ServiceGroup): ReadonlyMap<string, TrafficChange["kind"]> {
  const kinds = new Map<string, TrafficChange["kind"]>();
  for (const { nodes, kind } of changes) for (const node of nodes) if (!kinds.has(node)) kinds.set(node, kind);
  return kinds;
}

function foldNodes(
  nodes: readonly string[],
  kinds: readonly ReadonlyMap<string, TrafficChange["kind"]>[],
): readonly (readonly string[])[] {
  const columns = new Map<string, string[]>();
  for (const node of nodes) {
    const key = kinds.map((kind) => kind.get(node)?.[0] ?? " ").join("");
    const column = columns.get(key);
    if (column === undefined) columns.set(key, [node]);
    else column.push(node);
  }
  return [...columns.values()];
}

function columnName([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} +${others.length}`;
}

/** The names of the nodes in each column: only here does the page name every node. */
function membersOf(columns: readonly (readonly string[])[]): string {
  const rows = columns
    .filter(({ length }) => length > 1)
    .map((column) => `<li>${esc(columnName(column))}: ${esc(column.join(", "))}</li>`);
  return rows.length === 0 ? "" : `<details><summary>Nodes of each column</summary><ul>${rows.join("")}</ul></details>`;
}

function captionOf(columns: readonly (readonly string[])[], nodes: readonly string[]): string {
  return columns.length === nodes.length ? "One column per node." : "Nodes with the same changes share one column.";
}
