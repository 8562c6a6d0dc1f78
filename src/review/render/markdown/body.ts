import type { ServiceGroup } from "../service-groups.ts";
import { plural } from "../words.ts";
import { namesByNamespace, namespaceCounts } from "./names.ts";
import { type Detail, serviceBlock } from "./service-block.ts";
import { changesTable, shortTable } from "./table.ts";

const levels: readonly (Detail & { readonly without: string })[] = [
  { shares: true, pictures: true, rules: true, without: "" },
  { shares: true, pictures: true, rules: false, without: "rules" },
  { shares: true, pictures: false, rules: false, without: "rules and pictures" },
  { shares: false, pictures: false, rules: false, without: "rules, pictures and shares" },
];

/** No block, row or name is shorter; with this many services, there is no use in writing them. */
const shortest = { block: 250, row: 30, name: 6 };

/** The changes in at most this many characters: less of each service where it must be, and as long as it can, every one. */
export function changesBody(groups: readonly ServiceGroup[], room: number, compared: readonly string[]): string {
  const fits = (text: string): boolean => text.length <= room;
  const mayFit = (least: number): boolean => groups.length * least <= room;
  const table = mayFit(shortest.row) ? changesTable(groups) : "";
  for (const level of mayFit(shortest.block) ? levels : []) {
    const blocks = groups.map((group) => serviceBlock(group, level, compared));
    const note = level.without === "" ? [] : [leftOut(level.without)];
    const text = [...note, table, blocks.join("\n")].join("\n\n");
    if (fits(text)) return text;
  }
  for (const rows of table === "" ? [] : [table, shortTable(groups)])
    if (fits(rows + roomForNote)) return withWorst(groups, { rows, room, compared });
  const names = mayFit(shortest.name) ? `${leftOut("all but the names")}\n\n${namesByNamespace(groups)}` : undefined;
  if (names !== undefined && fits(names)) return names;
  return `${leftOut("the names of services")}\n\n${namespaceCounts(groups)}`;
}

const roomForNote = " ".repeat(200);

/** A table of all, and as many of the worst in full as there is room for. */
function withWorst(
  groups: readonly ServiceGroup[],
  { rows, room, compared }: { readonly rows: string; readonly room: number; readonly compared: readonly string[] },
): string {
  const detail: Detail = { shares: true, pictures: false, rules: false };
  const blocks: string[] = [];
  let length = rows.length + roomForNote.length;
  for (const group of groups) {
    const block = serviceBlock(group, detail, compared);
    length += block.length + 1;
    if (length > room) break;
    blocks.push(block);
  }
  const what =
    blocks.length === 0
      ? "all but the table"
      : `all but the table, and what changes for the worst ${plural(blocks.length, "service")}`;
  return [leftOut(what), rows, ...(blocks.length === 0 ? [] : [blocks.join("\n")])].join("\n\n");
}

function leftOut(what: string): string {
  return `_Left out for want of room: ${what}. The other formats of \`portolan diff\` have it all._`;
}
