import type { TrafficChange, TrafficDiff } from "../../diff/traffic-diff.ts";
import { escapeDeep } from "../escape-deep.ts";
import { leftOutSentence, movedSentence, ruleSentences, summarySentence } from "../sentences.ts";
import { groupByService, type ServiceGroup } from "../service-groups.ts";
import { namesText, plural } from "../words.ts";
import { changesBody } from "./body.ts";
import { code, prose } from "./escape.ts";

/** By this line a bot finds its comment again. */
const marker = "<!-- portolan-diff -->";

/** GitHub refuses a comment of more than 65,536 characters; some are left for whoever posts it. */
const budget = 60_000;

/**
 * What a change does to traffic, as a comment on a pull request: at most 60,000 characters. Where it would be longer,
 * it says less of each service, and names every one as long as the names have room.
 */
export function renderMarkdown(diff: TrafficDiff): string {
  const clean = escapeDeep(diff);
  const { groups, cosmetic } = groupByService(clean.changes);
  const head = headOf(clean, groups).join("\n\n");
  const facts = factsOf(clean, groups, cosmetic);
  const room = budget - head.length - facts.length - 10;
  const body = groups.length === 0 ? "" : changesBody(groups, room, clean.nodes);
  return `${[head, body, facts].filter((part) => part !== "").join("\n\n")}\n`;
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

const mostAssumptions = 20;
const mostNodeGroups = 6;

function factsOf(diff: TrafficDiff, groups: readonly ServiceGroup[], cosmetic: readonly TrafficChange[]): string {
  const names = [...new Set(cosmetic.map(({ service, vip }) => service ?? vip))];
  const moved = movedSentence(diff, groups);
  const rules = ruleSentences(diff);
  const facts: readonly string[] = [
    ...rules.slice(0, mostNodeGroups).map(prose),
    ...(rules.length > mostNodeGroups ? ["Rules of other nodes change otherwise"] : []),
    ...(moved === undefined ? [] : [moved]),
    ...(names.length === 0
      ? []
      : [`Only the text differs for ${plural(names.length, "service")}: ${namesText(names.map(code), 8)}`]),
    ...diff.assumptions.slice(0, mostAssumptions).map((assumption) => `Assumed: ${prose(assumption)}`),
  ];
  return facts.map((fact) => `- ${fact}`).join("\n");
}
