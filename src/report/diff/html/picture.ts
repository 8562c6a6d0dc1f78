import { printPart } from "../../../datapath/share.ts";
import type { ClassOutcome, OutcomeLabel } from "../../../diff/traffic-diff.ts";
import { esc } from "../../escape.ts";
import { outcomeTarget } from "../../words.ts";

/** One side of a change, of one class of sources. */
export interface PathSide {
  readonly title: "Before" | "After";
  readonly vip: string;
  readonly class: ClassOutcome;
  /** Targets of the other side: a target that is not among them was removed (before) or added (after). */
  readonly others: ReadonlySet<string>;
}

const most = 6;
const row = 30;
const box = { height: 22, letter: 6.7, longest: 24 };
const gap = 76;

/** The path of packets as SVG: the address at the left, endpoints at the right, line width by share. */
export function pathPicture({ title, vip, class: { from, outcomes }, others }: PathSide): string {
  const shown = outcomes.length > most ? outcomes.slice(0, most - 1) : outcomes;
  const ends = shown.map((outcome) => ({ ...endOf(outcome, others, title), share: outcome.share }));
  const left = outcomes.length - shown.length;
  if (left > 0) ends.push({ text: `${left} more`, style: "", share: 0 });
  if (ends.length === 0) ends.push({ text: "not served", style: "none", share: 0 });
  const widths = { vip: widthOf(vip), end: Math.max(...ends.map(({ text }) => widthOf(text))) };
  const height = ends.length * row + 16;
  const middle = 16 + (ends.length * row) / 2;
  const start = 1 + widths.vip;
  const drawn = ends.map(({ text, style, share }, index) => {
    const y = 16 + index * row + row / 2;
    const line = `<path class="${style}" d="M${start} ${middle}C${start + gap / 2} ${middle} ${start + gap / 2} ${y} ${start + gap} ${y}" stroke-width="${(1 + 4 * share).toFixed(1)}"/>`;
    return line + boxAt(start + gap, y, { text, width: widths.end, style });
  });
  const width = start + gap + widths.end + 1;
  const label = `${title}, from ${from}: ${outcomes.map((one) => `${outcomeTarget(one)} ${printPart(one.share)}`).join(", ") || "not served"}`;
  return `<figure><figcaption>${title}</figcaption><svg role="img" aria-label="${esc(label)}" viewBox="0 0 ${width.toFixed(0)} ${height}" width="${width.toFixed(0)}" height="${height}"><text class="from" x="1" y="${middle - box.height / 2 - 6}">${esc(cut(from))}</text>${drawn.join("")}${boxAt(1, middle, { text: vip, width: widths.vip, style: "vip" })}</svg></figure>`;
}

function endOf(
  outcome: OutcomeLabel,
  others: ReadonlySet<string>,
  title: PathSide["title"],
): { text: string; style: string } {
  const text = outcomeTarget(outcome);
  if (outcome.verdict !== "delivered") return { text, style: "refused" };
  return { text, style: others.has(text) ? "" : title === "Before" ? "gone" : "new" };
}

function boxAt(
  x: number,
  y: number,
  { text, width, style }: { readonly text: string; readonly width: number; readonly style: string },
): string {
  const top = y - box.height / 2;
  return `<rect class="${style}" x="${x}" y="${top}" width="${width}" height="${box.height}" rx="4"/><text x="${x + 8}" y="${y + 4}">${esc(cut(text))}</text>`;
}

function widthOf(text: string): number {
  return Math.round(cut(text).length * box.letter + 16);
}

function cut(text: string): string {
  return text.length > box.longest ? `${text.slice(0, box.longest - 1)}…` : text;
}
