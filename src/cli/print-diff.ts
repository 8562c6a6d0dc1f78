import type { TrafficDiff } from "../review/diff/traffic-diff.ts";
import type { Paint } from "./color.ts";
import type { DiffDetail, DiffFormat } from "./diff-formats.ts";

export interface PrintOptions {
  readonly detail: DiffDetail;
  readonly paint?: Paint;
  readonly columns?: number;
}

/** A diff in one of the formats, ready to be written. */
export function printDiff(diff: TrafficDiff, format: DiffFormat, { detail }: PrintOptions): string {
  return `${JSON.stringify({ format, detail, ...diff }, null, 2)}\n`;
}
