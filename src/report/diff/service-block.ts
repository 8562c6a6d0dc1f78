import { printPart } from "../../datapath/share.ts";
import type { PathRule, SourcePlace, TrafficChange } from "../../diff/traffic-diff.ts";
import { lineUrl } from "../about.ts";
import { code, fence, html, prose } from "../escape.ts";
import { placeText, signs } from "../words.ts";
import { alignPath, pathSign } from "./align-path.ts";
import { type AlikeChanges, addressText, fieldText, foldAlike } from "./fold-changes.ts";
import { type ClassPair, type OutcomePair, outcomeNotes, pairClasses } from "./pair-outcomes.ts";
import type { ServiceGroup } from "./service-groups.ts";

/** The detail shown for each service. */
export interface Detail {
  readonly shares: boolean;
  readonly pictures: boolean;
  /** The path of the example packet. */
  readonly paths: boolean;
}

/** What all blocks of a report share. */
export interface BlockContext {
  readonly compared: readonly string[];
  /** Where files are shown: places become links. */
  readonly linkBase: string | undefined;
}

/** A place as code, and as a link where its file is shown. */
export function placeCode(source: SourcePlace, linkBase: string | undefined): string {
  const url = lineUrl(source, linkBase);
  const text = code(placeText(source));
  return url === undefined
    ? text
    : `[${text}](${url.replace(/[()|]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)})`;
}

/** One Service, folded: its changes, the load distribution before and after, a picture, a path. */
export function serviceBlock(group: ServiceGroup, detail: Detail, { compared, linkBase }: BlockContext): string {
  const { worst, name, changes, fields } = group;
  const alike = foldAlike(changes, compared);
  const others = alike.length === 1 ? "" : `, and ${alike.length - 1} more`;
  const summary = `${signs[worst.kind]} <code>${html(name)}</code> ${html(worst.headline)}${others}`;
  const causes = fields.map(
    ({ source, ...field }) =>
      `- ${prose(fieldText({ ...field, source }))}${source === undefined ? "" : ` (${placeCode(source, linkBase)})`}`,
  );
  const parts = [
    ...(causes.length === 0 ? [] : [causes.join("\n")]),
    ...alike.map((one) => changeText(one, name, { ...detail, linkBase })),
  ];
  return `<details><summary>${summary}</summary>\n\n${parts.join("\n\n")}\n\n</details>`;
}

function changeText(
  { change, also, where }: AlikeChanges,
  group: string,
  detail: Detail & Pick<BlockContext, "linkBase">,
): string {
  const { linkBase } = detail;
  const { headline, details, examplePacket, source } = change;
  const addresses = [addressText(change, group), ...also.slice(0, 8)].map(code).join(", ");
  const more = also.length > 8 ? ` and ${also.length - 8} more` : "";
  const facts = [
    ...details.map(prose),
    ...(where === undefined ? [] : [prose(where)]),
    `example packet: ${code(`${examplePacket.protocol} ${examplePacket.from} -> ${examplePacket.to}`)}, was ${code(examplePacket.was)}, now ${code(examplePacket.now)}`,
    ...(source === undefined ? [] : [`source: ${placeCode(source, linkBase)}`]),
  ];
  const parts = [`**${addresses}**${more}: ${prose(headline)}`, facts.map((fact) => `- ${fact}`).join("\n")];
  if (detail.shares) parts.push(...pairClasses(change).map(classTable));
  const picture = detail.pictures ? pathPicture(change) : undefined;
  if (picture !== undefined) parts.push(picture);
  if (detail.paths) parts.push(...pathTable(change));
  return parts.join("\n\n");
}

/** The path of the example packet in two columns; only rules that the other side does not have are marked. */
function pathTable({ examplePath }: TrafficChange): readonly string[] {
  const rows = alignPath(examplePath).map(
    ({ before, after }) => `| ${pathCell(before, "before")} | ${pathCell(after, "after")} |`,
  );
  if (rows.length === 0) return [];
  return [`| Path of the example packet before | and after |\n|:--|:--|\n${rows.join("\n")}`];
}

function pathCell(rule: PathRule | undefined, side: "before" | "after"): string {
  if (rule === undefined) return "";
  const sign = pathSign(rule, side);
  const text = code(rule.text);
  return sign === undefined ? text : `**${sign === "+" ? "added" : "removed"}** ${text}`;
}

const mostRows = 20;

function classTable(pair: ClassPair): string {
  if (pair.same) return `From ${code(pair.from)}: unchanged.`;
  const shown = pair.rows.slice(0, mostRows);
  const rows = shown.map((row) => {
    const was = cell(row.before, pair.told !== "after");
    const is = cell(row.after, pair.told !== "before");
    const notes = outcomeNotes(row);
    return `| ${code(row.target)} | ${was} | ${is} | ${notes.map(prose).join(", ")} |`;
  });
  const left = pair.rows.length - shown.length;
  if (left > 0) rows.push(`| ${left} more | | | |`);
  return `| From ${code(pair.from)} | Before | After | |\n|:--|--:|--:|:--|\n${rows.join("\n")}`;
}

function cell(outcome: TrafficChange["before"][number]["outcomes"][number] | undefined, told: boolean): string {
  return outcome === undefined ? (told ? "none" : "") : prose(printPart(outcome.share));
}

const mostEndpoints = 8;

/**
 * The path for the first class of sources that changes, before and after in one picture: removed lines are dashed, new
 * ones thick. Undefined if the picture would be too large.
 */
export function pathPicture(change: Pick<TrafficChange, "vip" | "before" | "after">): string | undefined {
  const pair = pairClasses(change).find(({ same }) => !same);
  if (pair === undefined || pair.rows.length === 0 || pair.rows.length > mostEndpoints) return undefined;
  return fence("mermaid", [
    "flowchart LR",
    `  from(["${label(pair.from)}"]) --> vip["${label(change.vip)}"]`,
    ...pair.rows.map(edgeOf),
    "  classDef gone stroke:#cf222e,stroke-dasharray:4 3",
    "  classDef come stroke:#1a7f37,stroke-width:2px",
  ]);
}

function edgeOf({ target, before, after }: OutcomePair, index: number): string {
  const was = before === undefined ? "none" : words(before.share);
  const is = after === undefined ? "none" : words(after.share);
  const share = was === is ? is : `${was} → ${is}`;
  const [arrow, style] =
    after === undefined ? ["-.->", ":::gone"] : before === undefined ? ["==>", ":::come"] : ["-->", ""];
  return `  vip ${arrow}|"${label(share)}"| to${index}["${label(target)}"]${style}`;
}

function words(share: number): string {
  return printPart(share).replace("<", "under").replace(">", "over");
}

/** Quotes, entities and tags are special in labels, depending on the version of Mermaid: only plain text is allowed. */
function label(text: string): string {
  return text.slice(0, 60).replace(/[^\p{L}\p{N} ._:/,()%→-]/gu, "?");
}
