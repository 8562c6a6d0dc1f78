import type { TrafficDiff } from "../../diff/traffic-diff.ts";
import { serviceOf } from "../../diff/traffic-diff.ts";
import type { About } from "../about.ts";
import { escapeDeep } from "../escape.ts";
import { leftOutSentence, namesText, nodesText, placeText, plural, ruleSentences, signs } from "../words.ts";
import { type AlikeChanges, fieldText, foldAlike } from "./fold-changes.ts";
import { groupByService, movedSentence, type ServiceGroup, summarySentence } from "./service-groups.ts";
import { linesOfChange, noService } from "./text-change.ts";
import {
  endRight,
  hanging,
  type Layout,
  type Line,
  linesOfRules,
  type Paint,
  paintLine,
  plain,
  widthOf,
} from "./text-rules.ts";

export interface TextOptions {
  /**
   * `services`: one short entry per service port; `traffic`: the load distribution on all addresses; `rules`: rule
   * lines too.
   */
  readonly detail: "traffic" | "services" | "rules";
  readonly paint?: Paint;
  /** Of reports: pages and comments. */
  readonly about?: About | undefined;
  /** The terminal width: 80 if unknown. */
  readonly columns?: number;
}

/** The change of traffic as text for a terminal. */
export function renderText(diff: TrafficDiff, { detail, paint = plain, columns = 80 }: TextOptions): string {
  const clean = escapeDeep(diff);
  const { groups, cosmetic } = groupByService(clean);
  const layout = layOut(clean, groups, { columns, full: detail === "traffic" });
  const blocks = [
    headLines(clean, groups, columns),
    ...linesOfGroups(groups, layout),
    tailLines(clean, { groups, cosmetic }, { detail, columns }),
    ...(detail === "rules" ? linesOfRules(clean) : []),
  ];
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.map((line) => paintLine(line, paint)).join("\n")).join("\n\n")}\n`;
}

function headLines(diff: TrafficDiff, groups: readonly ServiceGroup[], columns: number): readonly Line[] {
  const { base, head } = diff;
  const modes: readonly Line[] =
    base.mode === head.mode || base.mode === undefined || head.mode === undefined
      ? []
      : [[[`${base.name} (${base.mode} mode) -> ${head.name} (${head.mode} mode)`, "dim"]]];
  const summary: Line = [[summarySentence(groups, diff), "bold"]];
  const leftOut = leftOutSentence(diff);
  const below = leftOut === undefined ? [] : hanging([], leftOut, columns);
  if (groups.length === 0) return [...modes, summary, ...below];
  const legend: Line = [
    [`${signs.added} added`, "green"],
    ["  "],
    [`${signs.changed} changed`, "yellow"],
    ["  "],
    [`${signs.removed} removed`, "red"],
  ];
  const gap = columns - widthOf(summary) - widthOf(legend);
  return [...modes, gap < 2 ? summary : [...summary, [" ".repeat(gap)], ...legend], ...below];
}

/** Groups follow without a blank line, unless they contain tables. */
function linesOfGroups(groups: readonly ServiceGroup[], layout: Layout): readonly (readonly Line[])[] {
  const blocks = groups.map((group) => {
    const shown: readonly AlikeChanges[] = layout.full
      ? group.changes.map((change) => ({ change, also: [], where: nodesText(change.nodes, layout.compared) }))
      : foldAlike(group.changes, layout.compared);
    const head = linesOfFields(group, layout.columns);
    if (head.length === 0) return shown.flatMap((alike) => linesOfChange(alike, layout));
    const below = { ...layout, columns: layout.columns - 2 };
    const told = new Set(group.fields.flatMap(({ source }) => (source === undefined ? [] : [placeText(source)])));
    const lines = shown.flatMap((alike) => linesOfChange(withoutPlace(alike, told), below));
    return [...head, ...lines.map((line): Line => [["  "], ...line])];
  });
  return layout.full ? blocks : [blocks.flat()];
}

/** The fields that changed, each with its place; what follows from them is below. */
function linesOfFields({ worst, fields }: ServiceGroup, columns: number): readonly Line[] {
  const name = serviceOf(worst.service ?? "");
  return fields.flatMap((change, index) => {
    const start: Line = index === 0 ? [[name, "bold"], ["  "]] : [[" ".repeat(name.length + 2)]];
    const lines = hanging(start, fieldText(change), columns);
    return change.source === undefined ? lines : endRight(lines, [placeText(change.source), "cyan"], columns);
  });
}

/** Places that the head of the Service shows are not repeated. */
function withoutPlace(alike: AlikeChanges, told: ReadonlySet<string>): AlikeChanges {
  const { source } = alike.change;
  const isTold = source !== undefined && told.has(placeText(source));
  return isTold ? { ...alike, change: { ...alike.change, source: undefined } } : alike;
}

const widestName = 30;
const widestVip = 30;

function layOut(
  diff: TrafficDiff,
  groups: readonly ServiceGroup[],
  { columns, full }: Pick<Layout, "columns" | "full">,
): Layout {
  const widest = (texts: readonly string[], most: number): number =>
    texts.reduce((width, { length }) => (length > most ? width : Math.max(width, length)), 0);
  return {
    name: widest(
      groups.map(({ worst }) => worst.service ?? noService),
      widestName,
    ),
    vip: widest(
      groups.flatMap(({ changes }) => changes.map(({ vip }) => vip)),
      widestVip,
    ),
    columns,
    full,
    compared: diff.nodes,
  };
}

function tailLines(
  diff: TrafficDiff,
  { groups, cosmetic }: ReturnType<typeof groupByService>,
  { detail, columns }: { readonly detail: TextOptions["detail"]; readonly columns: number },
): readonly Line[] {
  const lines: Line[] = [];
  const moved = movedSentence(diff, groups);
  if (moved !== undefined) lines.push([[moved]]);
  const names = [...new Set(cosmetic.map(({ service, vip }) => service ?? vip))];
  if (names.length > 0)
    lines.push(
      ...hanging([], `Only the text differs for ${plural(names.length, "destination")}: ${namesText(names)}`, columns),
    );
  const rules = detail === "rules" ? [] : ruleSentences(diff);
  const shown = rules.slice(0, mostNodeGroups).map((sentence, index, all): Line => {
    const hint = index === all.length - 1 ? " (--detail rules shows them)" : "";
    return hint !== "" && sentence.length + hint.length <= columns ? [[sentence], [hint, "dim"]] : [[sentence]];
  });
  lines.push(...shown);
  if (rules.length > shown.length) lines.push([[`... and on other nodes (--detail rules shows all)`, "dim"]]);
  for (const assumption of diff.assumptions) lines.push(...hanging([["assumed: ", "dim"]], assumption, columns));
  return lines;
}

const mostNodeGroups = 4;
