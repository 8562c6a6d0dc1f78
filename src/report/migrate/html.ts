import { catalog } from "../../diagnostics/catalog.ts";
import { type ExampleOnNode, type Finding, type FindingLevel, findingLevels } from "../../migrate/finding.ts";
import type { Migration } from "../../migrate/migrate.ts";
import type { About } from "../about.ts";
import { esc, escapeDeep, mono, phrase } from "../escape.ts";
import { renderPage, type Section } from "../page/page.ts";
import { pageStyle } from "../page/style.ts";
import { plural } from "../words.ts";
import { configurationLines, leftOutSentence, levelNames, planned, sentence, servicesOf, summaryOf } from "./words.ts";

/** The report as a page: a section for each level, a card for each finding. */
export function renderHtml(migration: Migration, { about }: { readonly about?: About | undefined } = {}): string {
  const clean = escapeDeep(migration);
  const { name, from, to, nodes } = clean;
  return renderPage({
    command: "migrate",
    kicker: "Change of kube-proxy's mode",
    title: summaryOf(clean),
    base: { name, more: `${from} mode` },
    head: { name, more: `${to} mode` },
    leftOut: leftOutSentence(clean),
    sections: [
      ...findingLevels.map((level) => levelSection(level, clean)),
      { id: "unchanged", heading: "Does not change", body: listOf(clean.unchanged) },
      configurationSection(clean),
      { id: "planned", heading: "What Kubernetes plans", body: `<p>${phrase(planned(from))}</p>` },
      { id: "assumptions", heading: "Assumptions", body: listOf(clean.assumptions) },
    ],
    about,
    footer: `${plural(nodes.length, "node")} compared.`,
    style: pageStyle,
  });
}

function levelSection(level: FindingLevel, { findings, nodes }: Migration): Section {
  const cards = findings.filter((finding) => finding.level === level).map((finding) => card(finding, nodes));
  return { id: level, heading: sentence(levelNames[level]), body: cards.join("\n") };
}

function listOf(texts: readonly string[]): string {
  return texts.length === 0 ? "" : `<ul>${texts.map((text) => `<li>${phrase(text)}</li>`).join("")}</ul>`;
}

function configurationSection({ configuration }: Migration): Section {
  const text = esc(configurationLines(configuration).join("\n"));
  const use = "<p><code>portolan migrate -o patch</code> prints it for <code>kubectl patch configmap</code>.</p>";
  const lines = `<pre tabindex="0" role="region" aria-label="Configuration">${text}</pre>`;
  return { id: "configuration", heading: "Configuration", body: configuration.length === 0 ? "" : use + lines };
}

/** Folded if there is nothing to do before the change. */
function card(finding: Finding, compared: readonly string[]): string {
  const { level, message, isSolvedByConfiguration } = finding;
  const solved = isSolvedByConfiguration ? " is-solved" : "";
  return `<details class="card finding is-${level}${solved}"${level === "note" ? "" : " open"}>
<summary><h3>${phrase(sentence(message))}</h3><span class="severity">${concernText(finding)}</span></summary>
<div class="change"><dl class="concerns">${concerns(finding, compared)}</dl>${exampleText(finding.example)}${whyText(finding)}</div>
</details>`;
}

function concernText(finding: Finding): string {
  if (finding.isSolvedByConfiguration) return "not with the configuration below";
  const { length } = servicesOf(finding);
  return length === 0 ? plural(finding.nodes.length, "node") : plural(length, "Service");
}

const mostNames = 200;

function concerns({ services, nodes, details, hint, code }: Finding, compared: readonly string[]): string {
  const row = (name: string, body: string): string => (body === "" ? "" : `<dt>${name}</dt><dd>${body}</dd>`);
  const namesOf = (names: readonly string[]): string => {
    const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
    return names.slice(0, mostNames).map(mono).join(", ") + more;
  };
  const isEverywhere = nodes.length === compared.length;
  return [
    row("Services", namesOf(services)),
    row("Nodes", isEverywhere ? "every node" : namesOf(nodes)),
    row("Details", details.slice(0, mostNames).map(phrase).join("<br>")),
    row("To do", phrase(hint ?? "")),
    row("Code", mono(code)),
  ].join("");
}

function exampleText(example: ExampleOnNode | undefined): string {
  if (example === undefined) return "";
  const { protocol, from, to, fromClass, was, now, node } = example;
  return `<div class="example"><p><b>Example packet</b> ${mono(`${protocol} ${from} → ${to}`)} <span class="more">on ${esc(node)}; an example of ${esc(fromClass)}</span></p><dl><dt>was</dt><dd>${mono(was)}</dd><dt>now</dt><dd>${mono(now)}</dd></dl></div>`;
}

function whyText({ code }: Finding): string {
  return `<p class="why">${phrase(catalog[code].explanation)}</p>`;
}
