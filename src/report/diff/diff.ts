import type { TrafficDiff } from "../../diff/traffic-diff.ts";
import { renderBrief, renderUnified } from "./brief.ts";
import { renderGithub } from "./github.ts";
import { renderHtml } from "./html/html.ts";
import { renderJson } from "./json.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderText, type TextOptions } from "./text.ts";

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

/** What `diff` prints, by the name that -o and --report take. */
export const diffFormats = ["text", "brief", "unified", "markdown", "html", "json", "github"] as const;

export type DiffFormat = (typeof diffFormats)[number];

/** How far down a report goes: what happens to packets; to which Service; by which rules. */
export const diffDetails = ["traffic", "services", "rules"] as const;

export type DiffDetail = (typeof diffDetails)[number];
