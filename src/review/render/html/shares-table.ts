import type { EndpointLabel, OutcomeLabel } from "../../diff/traffic-diff.ts";
import { type ClassPair, type OutcomePair, outcomeNotes } from "../pair-outcomes.ts";
import { percent } from "../words.ts";
import { esc, mono, phrase } from "./escape.ts";

/** Where packets of one class of sources went and go: endpoints with their shares, as numbers and as bars. */
export function sharesTable(pair: ClassPair, labels: readonly EndpointLabel[]): string {
  if (pair.same) return `<p class="same">From ${esc(pair.from)}: as before.</p>`;
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
  return `<td><span title="${esc(outcome.exact)}">${esc(percent(outcome.share))}</span><svg class="bar" aria-hidden="true" width="100%" height="5"><rect class="track" width="100%" height="5" rx="2"/><rect width="${width}%" height="5" rx="2"/></svg></td>`;
}
