import {
  type ChangeSeverity,
  type SideLabel,
  severities,
  type TrafficChange,
  type TrafficDiff,
} from "../../../diff/traffic-diff.ts";
import type { About } from "../../about.ts";
import { escapeDeep, mono, phrase } from "../../escape.ts";
import { type PageSide, renderPage, type Section } from "../../page/page.ts";
import { pageStyle } from "../../page/style.ts";
import { leftOutSentence, plural, ruleSentences, severityNames } from "../../words.ts";
import { groupByService, movedSentence, type ServiceGroup, summarySentence } from "../service-groups.ts";
import { rulesByNode, serviceCard, severitiesOf, severitySet } from "./card.ts";
import { nodeMatrix } from "./matrix.ts";

/** With more services than this, cards are folded initially. */
const fewCards = 6;

/** The change of traffic as a page. */
export function renderHtml(diff: TrafficDiff, { about }: { readonly about?: About | undefined } = {}): string {
  const clean = escapeDeep(diff);
  const { groups, cosmetic } = groupByService(clean);
  const title = summarySentence(groups, clean);
  const sections = [
    changesSection(groups, clean.nodes, about?.linkBase),
    matrixSection(groups, clean),
    rulesSection(clean),
    cosmeticSection(clean, groups, cosmetic),
    assumptionsSection(clean),
  ];
  return renderPage({
    command: "diff",
    kicker: "Traffic diff",
    title,
    base: sideOf(clean.base),
    head: sideOf(clean.head),
    leftOut: leftOutSentence(clean),
    sections,
    about,
    footer: `${plural(clean.nodes.length, "node")} compared.`,
    style: `${pageStyle}\n${filterRules(groups)}`,
  });
}

function sideOf({ name, mode }: SideLabel): PageSide {
  return { name, more: mode === undefined ? undefined : `${mode} mode` };
}

/**
 * A box that is not checked hides the changes of its severity; a card is hidden when the boxes of all its severities are
 * not checked. Browsers without :has() show no boxes.
 */
function filterRules(groups: readonly ServiceGroup[]): string {
  const unchecked = (severity: ChangeSeverity): string => `:has(#show-${severity}:not(:checked))`;
  const changes = severities.map((severity) => `main${unchecked(severity)} .change.is-${severity}{display:none}`);
  const sets = new Map(groups.map((group) => [severitySet(group), severitiesOf(group)]));
  const cards = [...sets].map(([set, all]) => `main${all.map(unchecked).join("")} .card.${set}{display:none}`);
  return [...changes, ...cards].join("\n");
}

const cardId = (index: number): string => `service-${index + 1}`;

function changesSection(
  groups: readonly ServiceGroup[],
  compared: readonly string[],
  linkBase: string | undefined,
): Section {
  const open = groups.length <= fewCards;
  const cards = groups.map((group, index) => serviceCard(group, { id: cardId(index), open, compared, linkBase }));
  return {
    id: "changes",
    heading: "What changes",
    body: groups.length === 0 ? "" : `${filter(groups)}${cards.join("\n")}`,
  };
}

/** Checkboxes that hide changes of a severity, with CSS only. Each shows the number of cards with such changes. */
function filter(groups: readonly ServiceGroup[]): string {
  const count = (severity: ChangeSeverity): number =>
    groups.filter((group) => severitiesOf(group).includes(severity)).length;
  const boxes = severities
    .filter((severity) => count(severity) > 0)
    .map(
      (severity) =>
        `<label><input type="checkbox" id="show-${severity}" checked> ${severityNames[severity]} <b>${count(severity)}</b></label>`,
    );
  return `<div class="filter" role="group" aria-label="Show changes by severity"><span aria-hidden="true">Show</span>${boxes.join("")}</div>\n`;
}

function matrixSection(groups: readonly ServiceGroup[], { nodes }: TrafficDiff): Section {
  const body = groups.length === 0 || nodes.length < 2 ? "" : nodeMatrix(groups, nodes, cardId);
  return { id: "nodes", heading: "Nodes", body };
}

function rulesSection(diff: TrafficDiff): Section {
  return { id: "rules", heading: "Rules", body: ruleSentences(diff).length === 0 ? "" : rulesByNode(diff) };
}

function cosmeticSection(
  diff: TrafficDiff,
  groups: readonly ServiceGroup[],
  cosmetic: readonly TrafficChange[],
): Section {
  const moved = movedSentence(diff, groups);
  const rows = cosmetic.map(({ service, vip, headline }) => `<li>${mono(service ?? vip)} ${phrase(headline)}</li>`);
  const list = rows.length === 0 ? "" : `<ul>${rows.join("")}</ul>`;
  return {
    id: "cosmetic",
    heading: "Only the text differs",
    body: (moved === undefined ? "" : `<p>${moved}.</p>`) + list,
  };
}

function assumptionsSection({ assumptions }: TrafficDiff): Section {
  const rows = assumptions.map((assumption) => `<li>${phrase(assumption)}</li>`);
  return { id: "assumptions", heading: "Assumptions", body: rows.length === 0 ? "" : `<ul>${rows.join("")}</ul>` };
}
