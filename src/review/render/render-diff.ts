import type { TrafficDiff } from "../diff/traffic-diff.ts";
import { renderBrief } from "./brief.ts";
import type { DiffFormat } from "./formats.ts";
import { renderGithub } from "./github.ts";
import { renderHtml } from "./html/html.ts";
import { renderJson } from "./json.ts";
import { renderMarkdown } from "./markdown/markdown.ts";
import { renderText, type TextOptions } from "./text/text.ts";
import { renderUnified } from "./unified.ts";

/** A traffic diff in one of its formats. Only text has levels of detail, colours and a width. */
export function renderDiff(diff: TrafficDiff, format: DiffFormat, options: TextOptions): string {
  switch (format) {
    case "text":
      return renderText(diff, options);
    case "brief":
      return renderBrief(diff);
    case "unified":
      return renderUnified(diff);
    case "markdown":
      return renderMarkdown(diff);
    case "html":
      return renderHtml(diff);
    case "json":
      return renderJson(diff);
    case "github":
      return renderGithub(diff);
  }
}
