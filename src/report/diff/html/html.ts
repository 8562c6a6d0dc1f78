import {
  type ChangeSeverity,
  type SideLabel,
  severities,
  type TrafficChange,
  type TrafficDiff,
} from "../../../diff/traffic-diff.ts";
import { sha256Base64 } from "../../../model/sha256.ts";
import { esc, escapeDeep, mono, phrase } from "../../escape.ts";
import { leftOutSentence, movedSentence, plural, ruleSentences, severityNames, summarySentence } from "../../words.ts";
import { groupByService, type ServiceGroup } from "../service-groups.ts";
import { rulesByNode, serviceCard } from "./card.ts";
import { nodeMatrix } from "./matrix.ts";
import { style } from "./style.ts";

/** With more services than this, cards are folded initially. */
const fewCards = 6;

/**
 * The change of traffic as one self-contained page: no script, no font, no request. Its content security policy allows
 * only this style, so text from a manifest cannot become active content.
 */
export function renderHtml(diff: TrafficDiff): string {
  const clean = escapeDeep(diff);
  const { groups, cosmetic } = groupByService(clean.changes);
  const title = summarySentence(groups, clean);
  const leftOut = leftOutSentence(clean);
  const sections = [
    changesSection(groups, clean.nodes),
    matrixSection(groups, clean),
    rulesSection(clean),
    cosmeticSection(clean, groups, cosmetic),
    assumptionsSection(clean),
  ].filter(({ body }) => body !== "");
  const links = sections.map(({ id, heading }) => `<li><a href="#${id}">${heading}</a></li>`).join("");
  return `<!doctype html>
<html lang="en">
${headOf(title)}
<body>
<a class="skip" href="#main">Skip to the changes</a>
<header class="page">
<p class="kicker">Traffic diff</p>
<h1>${esc(title)}</h1>
<p class="sides-compared">${sideText(clean.base)} <span class="arrow" aria-hidden="true">→</span><span class="unseen">to</span> ${sideText(clean.head)}</p>${leftOut === undefined ? "" : `\n<p class="not-shown">${esc(leftOut)}.</p>`}
${links === "" ? "" : `<nav aria-label="Sections"><ul>${links}</ul></nav>`}
</header>
<main id="main" tabindex="-1">
${sections.map(sectionText).join("\n")}
</main>
<footer><p>Written by <code>portolan diff</code>. ${plural(clean.nodes.length, "node")} compared.</p></footer>
</body>
</html>
`;
}

function headOf(title: string): string {
  return `<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${sha256Base64(style)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${esc(title)} - portolan diff</title>
<style>${style}</style>
</head>`;
}

interface Section {
  readonly id: string;
  readonly heading: string;
  readonly body: string;
}

function sectionText({ id, heading, body }: Section): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}" tabindex="-1">${heading}</h2>\n${body}\n</section>`;
}

function sideText({ name, mode }: SideLabel): string {
  return mono(name) + (mode === undefined ? "" : ` <span class="more">${mode} mode</span>`);
}

const cardId = (index: number): string => `service-${index + 1}`;

function changesSection(groups: readonly ServiceGroup[], compared: readonly string[]): Section {
  const open = groups.length <= fewCards;
  const cards = groups.map((group, index) => serviceCard(group, { id: cardId(index), open, compared }));
  return {
    id: "changes",
    heading: "What changes",
    body: groups.length === 0 ? "" : `${filter(groups)}${cards.join("\n")}`,
  };
}

/** Checkboxes that hide cards of a severity, with CSS only. Each shows the number of cards. */
function filter(groups: readonly ServiceGroup[]): string {
  const count = (severity: ChangeSeverity): number => groups.filter(({ worst }) => worst.severity === severity).length;
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
