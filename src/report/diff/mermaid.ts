import type { TrafficChange } from "../../diff/traffic-diff.ts";
import { fence } from "../escape.ts";
import { percent } from "../words.ts";
import { type OutcomePair, pairClasses } from "./pair-outcomes.ts";

const mostEndpoints = 8;

/**
 * The path of the first class of sources that changes, before and after in one picture: what is gone is dashed, what
 * is new is thick. Undefined where it would be too large to be read.
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
  return percent(share).replace("<", "under").replace(">", "over");
}

/** Quotes, entities and tags have a meaning in a label, and which of them changes with the version: only plain text. */
function label(text: string): string {
  return text.slice(0, 60).replace(/[^\p{L}\p{N} ._:/,()%→-]/gu, "?");
}
