import { printPart } from "../../../datapath/share.ts";
import {
  type ChainRules,
  type ChangeSeverity,
  type EndpointLabel,
  type NodeRules,
  type OutcomeLabel,
  type PathRule,
  type RuleLine,
  type SourcePlace,
  severities,
  type TrafficChange,
  type TrafficDiff,
} from "../../../diff/traffic-diff.ts";
import { lineUrl } from "../../about.ts";
import { esc, mono, phrase } from "../../escape.ts";
import { namesText, outcomeTarget, placeText, plural, ruleCounts, severityNames, signs } from "../../words.ts";
import { alignPath, pathSign } from "../align-path.ts";
import { type AlikeChanges, addressText, fieldText, foldAlike } from "../fold-changes.ts";
import { type ClassPair, type OutcomePair, outcomeNotes, pairClasses } from "../pair-outcomes.ts";
import type { ServiceGroup } from "../service-groups.ts";
import { chainTitle } from "../text-rules.ts";
import { pathPicture } from "./picture.ts";

export interface CardOptions {
  readonly id: string;
  readonly open: boolean;
  readonly compared: readonly string[];
  /** Where files are shown: places become links. */
  readonly linkBase: string | undefined;
}

/** One service port: folded, its first line is a summary. */
export function serviceCard(group: ServiceGroup, { id, open, compared, linkBase }: CardOptions): string {
  const { worst, changes, name, isService, fields } = group;
  const alike = foldAlike(changes, compared);
  const others = alike.length === 1 ? "" : ` <span class="more">and ${alike.length - 1} more</span>`;
  const causes = fields.map(
    ({ source, ...field }) =>
      `<li>${phrase(fieldText({ ...field, source }))}${source === undefined ? "" : ` ${placeLink(source, linkBase)}`}</li>`,
  );
  const head = causes.length === 0 ? "" : `<ul class="facts">${causes.join("")}</ul>\n`;
  const title = isService ? mono(name) : `${mono(name)} <span class="more">no Service</span>`;
  const body = alike.map((one) => changeSection(one, group, { compared, linkBase }));
  return `<details class="card is-${worst.severity} ${severitySet(group)}" id="${id}"${open ? " open" : ""}>
<summary>${signBadge(worst.kind)}<h3>${title}</h3><span class="says">${phrase(worst.headline)}${others}</span><span class="severity">${severitiesOf(
    group,
  )
    .map((severity) => severityNames[severity])
    .join(", ")}</span></summary>
${head}${body.join("\n")}
</details>`;
}

/** Each severity of its changes, worst first. */
export function severitiesOf({ changes }: ServiceGroup): readonly ChangeSeverity[] {
  const found = new Set(changes.map(({ severity }) => severity));
  return severities.filter((severity) => found.has(severity));
}

/** The class of cards with these severities and no others. */
export function severitySet(group: ServiceGroup): string {
  return `has-${severitiesOf(group).join("-")}`;
}

/** The sign is visible; screen readers read the word. */
export function signBadge(kind: TrafficChange["kind"]): string {
  const sign = { added: signs.added, changed: signs.changed, removed: "−" }[kind];
  return `<span class="sign ${kind}"><span aria-hidden="true">${sign}</span><span class="unseen">${kind}: </span></span>`;
}

function changeSection(
  { change, also, where }: AlikeChanges,
  { name }: ServiceGroup,
  { compared, linkBase }: Pick<CardOptions, "compared" | "linkBase">,
): string {
  const { headline, details, source } = change;
  const pairs = pairClasses(change);
  const labels = [...change.endpoints.removed, ...change.endpoints.added];
  const facts = [
    ...details.map((detail) => `<li class="weighty">${phrase(detail)}</li>`),
    also.length === 0 ? "" : `<li>Also on ${also.map(mono).join(", ")}</li>`,
    `<li>${esc(where ?? `on ${compared.length === 1 ? (compared[0] ?? "") : `all ${plural(compared.length, "node")}`}`)}</li>`,
    source === undefined ? "" : `<li>${placeLink(source, linkBase)}</li>`,
  ];
  return `<section class="change is-${change.severity}"><h4>${mono(addressText(change, name))} <span>${phrase(headline)}</span></h4>
<ul class="facts">${facts.join("")}</ul>
<div class="sides"><div>${pairs.map((pair) => sharesTable(pair, labels)).join("")}</div>${pictures(change, pairs)}</div>
${examplePacketLine(change)}${examplePathTable(change)}</section>`;
}

function placeLink(source: SourcePlace, linkBase: string | undefined): string {
  const url = lineUrl(source, linkBase);
  const text = mono(placeText(source));
  return url === undefined ? text : `<a href="${esc(url)}">${text}</a>`;
}

/** Before and after of the first class of sources that changes. */
function pictures({ vip, before, after }: TrafficChange, pairs: readonly ClassPair[]): string {
  const pair = pairs.find(({ same, told }) => !same && told === "both");
  if (pair === undefined) return "";
  const was = pair.rows.flatMap((one) => one.before ?? []);
  const is = pair.rows.flatMap((one) => one.after ?? []);
  const targets = (outcomes: typeof was): ReadonlySet<string> => new Set(outcomes.map(outcomeTarget));
  const { from } = pair;
  const first = pathPicture({
    title: "Before",
    vip,
    class: { from, outcomes: before.length === 0 ? [] : was },
    others: targets(is),
  });
  const second = pathPicture({
    title: "After",
    vip,
    class: { from, outcomes: after.length === 0 ? [] : is },
    others: targets(was),
  });
  return `<div class="paths">${first}${second}</div>`;
}

const entries = { outside: "from outside the node", pod: "from a pod", node: "from the node" } as const;

function examplePacketLine({ examplePacket }: TrafficChange): string {
  const { protocol, from, to, fromClass, entry, was, now } = examplePacket;
  return `<div class="example"><p><b>Example packet</b> ${mono(`${protocol} ${from} → ${to}`)} <span class="more">${entries[entry]}; an example of ${esc(fromClass)}</span></p><dl><dt>was</dt><dd>${mono(was)}</dd><dt>now</dt><dd>${mono(now)}</dd></dl></div>`;
}

/** The path of the example packet in two columns; only rules that the other side does not have are marked. */
function examplePathTable({ examplePath }: TrafficChange): string {
  const rows = alignPath(examplePath).map(
    ({ before, after }) => `<tr>${pathCell(before, "before")}${pathCell(after, "after")}</tr>`,
  );
  if (rows.length === 0) return "";
  const caption =
    "Rules that the example packet meets, in order; a sign marks a rule that the other side does not have";
  const table = `<table class="way"><caption>${caption}</caption><thead><tr><th scope="col">Before</th><th scope="col">After</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  return `<details class="rules"><summary>Path of the example packet</summary><div class="scroll" tabindex="0" role="region" aria-label="Path of the example packet">${table}</div></details>`;
}

function pathCell(rule: PathRule | undefined, side: "before" | "after"): string {
  if (rule === undefined) return "<td></td>";
  const sign = pathSign(rule, side);
  const text = `<small>${esc(rule.where)}</small>${mono(rule.text)}`;
  if (sign === undefined) return `<td>${text}</td>`;
  return sign === "+" ? `<td><ins>+ ${text}</ins></td>` : `<td><del>- ${text}</del></td>`;
}

/** Rule lines, unwrapped; the keyboard can scroll long ones. */
export function rulesText(lines: readonly RuleLine[]): string {
  const rows = lines.map(({ sign, text }) =>
    sign === "+" ? `<ins>+ ${esc(text)}</ins>` : `<del>- ${esc(text)}</del>`,
  );
  return `<pre tabindex="0" role="region" aria-label="Rule lines">${rows.join("\n")}</pre>`;
}

/** The load distribution for one class of sources before and after, as numbers and as bars. */
export function sharesTable(pair: ClassPair, labels: readonly EndpointLabel[]): string {
  if (pair.same) return `<p class="same">From ${esc(pair.from)}: unchanged.</p>`;
  const rows = pair.rows.map((row) => tableRow(row, pair, labels)).join("");
  return `<table class="shares"><caption>From ${esc(pair.from)}</caption><thead><tr><th scope="col">Goes to</th><th scope="col">Before</th><th scope="col">After</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function tableRow(row: OutcomePair, { told }: ClassPair, labels: readonly EndpointLabel[]): string {
  const label = labels.find(({ target }) => target === row.target);
  const notes = [...labelNotes(label), ...outcomeNotes(row)];
  const small = notes.length === 0 ? "" : `<small>${notes.map(phrase).join(", ")}</small>`;
  const sign = told !== "both" ? "" : row.after === undefined ? "removed" : row.before === undefined ? "added" : "";
  const refused = (row.after ?? row.before)?.verdict !== "delivered";
  const style = refused ? "refused" : { removed: "gone", added: "new", "": "" }[sign];
  const spoken = sign === "" ? "" : `<span class="unseen"> (${sign})</span>`;
  const cells = shareCell(row.before, told !== "after") + shareCell(row.after, told !== "before");
  return `<tr${style === "" ? "" : ` class="${style}"`}><th scope="row">${mono(row.target)}${spoken}${small}</th>${cells}</tr>`;
}

function labelNotes(label: EndpointLabel | undefined): readonly string[] {
  if (label === undefined) return [];
  const { pod, node } = label;
  return [...(pod === undefined ? [] : [`pod ${pod}`]), ...(node === undefined ? [] : [`node ${node}`])];
}

function shareCell(outcome: OutcomeLabel | undefined, told: boolean): string {
  if (outcome === undefined)
    return told
      ? `<td class="none"><span aria-hidden="true">–</span><span class="unseen">none</span></td>`
      : "<td></td>";
  const width = Math.round(outcome.share * 1000) / 10;
  return `<td><span title="${esc(outcome.exact)}">${esc(printPart(outcome.share))}</span><svg class="bar" aria-hidden="true" width="100%" height="5"><rect class="track" width="100%" height="5" rx="2"/><rect width="${width}%" height="5" rx="2"/></svg></td>`;
}

/** A page with more lines would open slowly; `--detail rules` has them all. */
const mostLines = 4000;

/** Rules by group of nodes and chain, folded. */
export function rulesByNode({ rules, nodes }: TrafficDiff): string {
  let room = mostLines;
  return rules
    .map((group) => {
      const chains: string[] = [];
      for (const chain of group.chains) {
        if (room <= 0) break;
        chains.push(chainText(chain, room));
        room -= chain.lines.length;
      }
      const left = group.chains.length - chains.length;
      if (left > 0) chains.push(`<p>${plural(left, "more chain")}: <code>--detail rules</code> shows them.</p>`);
      return `<details class="group"><summary>${summaryOf(group, nodes)}</summary>${chains.join("")}</details>`;
    })
    .join("\n");
}

function summaryOf(group: NodeRules, nodes: readonly string[]): string {
  const every = group.nodes.length === nodes.length && nodes.length > 1;
  const where = every ? `Each of ${plural(nodes.length, "node")}` : namesText(group.nodes);
  const moved = group.moved === 0 ? "" : `, ${group.moved} moved`;
  return `${esc(where)}: ${ruleCounts(group)}${moved}`;
}

function chainText(chain: ChainRules, room: number): string {
  const shown = chain.lines.slice(0, room);
  return `<h4>${phrase(chainTitle(chain))}</h4>${shown.length === 0 ? "" : rulesText(shown)}`;
}
