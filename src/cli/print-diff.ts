import type { TrafficDiff } from "../review/diff/traffic-diff.ts";
import { renderBrief } from "../review/render/brief.ts";
import { renderGithub } from "../review/render/github.ts";
import { renderHtml } from "../review/render/html/html.ts";
import { renderJson } from "../review/render/json.ts";
import { renderMarkdown } from "../review/render/markdown/markdown.ts";
import { renderText } from "../review/render/text/text.ts";
import { renderUnified } from "../review/render/unified.ts";
import type { Paint } from "./color.ts";
import type { DiffDetail, DiffFormat } from "./diff-formats.ts";

export interface PrintOptions {
  readonly detail: DiffDetail;
  readonly paint?: Paint;
  readonly columns?: number;
}

/** A diff in one of the formats, ready to be written. */
export function printDiff(diff: TrafficDiff, format: DiffFormat, options: PrintOptions): string {
  switch (format) {
    case "text":
      return renderText(diff, options);
    case "brief":
      return renderBrief(diff);
    case "unified":
      return renderUnified(diff);
    case "json":
      return renderJson(diff);
    case "github":
      return renderGithub(diff);
    case "markdown":
      return renderMarkdown(diff);
    case "html":
      return renderHtml(diff);
  }
}
