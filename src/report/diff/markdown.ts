import type { TrafficChange, TrafficDiff } from "../../diff/traffic-diff.ts";
import { type About, writerText } from "../about.ts";
import { code, escapeDeep, fence, html, prose } from "../escape.ts";
import { leftOutSentence, namesText, plural, ruleCounts, ruleSentences } from "../words.ts";
import { changesTable, namesByNamespace, namespaceCounts, shortTable } from "./markdown-table.ts";
import { type BlockContext, type Detail, serviceBlock } from "./service-block.ts";
import { groupByService, movedSentence, type ServiceGroup, summarySentence } from "./service-groups.ts";
import { chainTitle } from "./text-rules.ts";

/** A bot finds its comment by this line. */
const marker = "<!-- portolan-diff -->";

/** GitHub refuses a comment of more than 65,536 characters; the rest is reserved for the bot that posts it. */
const budget = 60_000;

/**
 * The change of traffic as a pull request comment of at most 60,000 characters. If it would be longer, it shows less
 * detail per service. All names are shown as long as there is room.
 */
export function renderMarkdown(diff: TrafficDiff, { about }: { readonly about?: About | undefined } = {}): string {
  const clean = escapeDeep(diff);
  const { groups, cosmetic } = groupByService(clean);
  const head = headOf(clean, groups).join("\n\n");
  const facts = [factsOf(clean, groups, cosmetic), ...(about === undefined ? [] : [aboutFact(about)])].join("\n");
  const room = budget - head.length - facts.length - 120;
  const body =
    groups.length === 0 ? "" : changesBody(groups, room, { compared: clean.nodes, linkBase: about?.linkBase });
  const rules = ruleDiff(clean, room - body.length);
  return `${[head, body, rules, facts].filter((part) => part !== "").join("\n\n")}\n`;
}

function headOf(diff: TrafficDiff, groups: readonly ServiceGroup[]): readonly string[] {
  const { base, head } = diff;
  const leftOut = leftOutSentence(diff);
  const mode = (side: TrafficDiff["base"]): string => (side.mode === undefined ? "" : ` (${side.mode})`);
  return [
    marker,
    `### ${summarySentence(groups, diff)}`,
    ...(leftOut === undefined ? [] : [`${prose(leftOut)}.`]),
    `${code(base.name)}${mode(base)} → ${code(head.name)}${mode(head)}`,
  ];
}

function aboutFact(about: About): string {
  return `- Written by ${prose(writerText(about))}: ${code(about.commandLine)}`;
}

/** The rules that differ, by group of nodes and chain, folded; a sentence if there is no room. */
function ruleDiff({ rules }: TrafficDiff, room: number): string {
  const groups = rules.filter(({ chains }) => chains.some(({ lines }) => lines.length > 0));
  if (groups.length === 0) return "";
  const blocks = groups.map((group) => {
    const lines = group.chains.flatMap((chain) => [
      `@@ ${chainTitle(chain)} @@`,
      ...chain.lines.map(({ sign, text }) => `${sign}${text}`),
    ]);
    const summary = `Rule diff on ${html(namesText(group.nodes))}: ${ruleCounts(group)}`;
    return `<details><summary>${summary}</summary>\n\n${fence("diff", lines)}\n\n</details>`;
  });
  const text = blocks.join("\n");
  return text.length <= room
    ? text
    : "_The rule diff is too long for a comment: `portolan diff --detail rules` prints it._";
}

const mostAssumptions = 20;
const mostNodeGroups = 6;

function factsOf(diff: TrafficDiff, groups: readonly ServiceGroup[], cosmetic: readonly TrafficChange[]): string {
  const names = [...new Set(cosmetic.map(({ service, vip }) => service ?? vip))];
  const moved = movedSentence(diff, groups);
  const rules = ruleSentences(diff);
  const facts: readonly string[] = [
    ...rules.slice(0, mostNodeGroups).map(prose),
    ...(rules.length > mostNodeGroups ? ["Rules of more nodes change in other ways"] : []),
    ...(moved === undefined ? [] : [moved]),
    ...(names.length === 0
      ? []
      : [`Only the text differs for ${plural(names.length, "destination")}: ${namesText(names.map(code), 8)}`]),
    ...diff.assumptions.slice(0, mostAssumptions).map((assumption) => `Assumed: ${prose(assumption)}`),
  ];
  return facts.map((fact) => `- ${fact}`).join("\n");
}

const levels: readonly (Detail & { readonly without: string })[] = [
  { shares: true, pictures: true, paths: true, without: "" },
  { shares: true, pictures: true, paths: false, without: "paths of example packets" },
  { shares: true, pictures: false, paths: false, without: "paths of example packets and diagrams" },
  { shares: false, pictures: false, paths: false, without: "paths of example packets, diagrams and load distribution" },
];

/** The minimum length of a block, row or name: with too many services, they are not rendered. */
const shortest = { block: 250, row: 30, name: 6 };

/**
 * The changes in at most this many characters, with as much detail as fits; all services are named if there is room.
 */
export function changesBody(groups: readonly ServiceGroup[], room: number, context: BlockContext): string {
  const fits = (text: string): boolean => text.length <= room;
  const mayFit = (least: number): boolean => groups.length * least <= room;
  const table = mayFit(shortest.row) ? changesTable(groups, context) : "";
  for (const level of mayFit(shortest.block) ? levels : []) {
    const blocks = groups.map((group) => serviceBlock(group, level, context));
    const note = level.without === "" ? [] : [leftOut(level.without)];
    const text = [...note, table, blocks.join("\n")].join("\n\n");
    if (fits(text)) return text;
  }
  for (const rows of table === "" ? [] : [table, shortTable(groups)])
    if (fits(rows + roomForNote)) return withWorst(groups, { rows, room, context });
  const names = mayFit(shortest.name)
    ? `${leftOut("everything but the names")}\n\n${namesByNamespace(groups)}`
    : undefined;
  if (names !== undefined && fits(names)) return names;
  return `${leftOut("the names of Services")}\n\n${namespaceCounts(groups)}`;
}

const roomForNote = " ".repeat(200);

/** A table of all changes, and the worst ones in full as far as there is room. */
function withWorst(
  groups: readonly ServiceGroup[],
  { rows, room, context }: { readonly rows: string; readonly room: number; readonly context: BlockContext },
): string {
  const detail: Detail = { shares: true, pictures: false, paths: false };
  const blocks: string[] = [];
  let length = rows.length + roomForNote.length;
  for (const group of groups) {
    const block = serviceBlock(group, detail, context);
    length += block.length + 1;
    if (length > room) break;
    blocks.push(block);
  }
  const what =
    blocks.length === 0
      ? "everything but the table"
      : `everything but the table, and the details of the worst ${plural(blocks.length, "Service")}`;
  return [leftOut(what), rows, ...(blocks.length === 0 ? [] : [blocks.join("\n")])].join("\n\n");
}

function leftOut(what: string): string {
  return `_Omitted to stay within the size limit: ${what}. The other formats of \`portolan diff\` are complete._`;
}
