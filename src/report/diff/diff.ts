import type { TrafficDiff } from "../../diff/traffic-diff.ts";
import type { TextOptions } from "./text.ts";

/** What `diff` prints, by the name that -o and --report take. */
export const diffFormats = ["text", "brief", "unified", "markdown", "html", "json", "github"] as const;

export type DiffFormat = (typeof diffFormats)[number];

/** The detail of a report: traffic, services, or rules. */
export const diffDetails = ["traffic", "services", "rules"] as const;

export type DiffDetail = (typeof diffDetails)[number];

type Renderer = (diff: TrafficDiff, options: TextOptions) => string;

/** Loaded one by one: a run prints in one or two formats. */
const renderers: Readonly<Record<DiffFormat, () => Promise<Renderer>>> = {
  text: async () => (await import("./text.ts")).renderText,
  brief: async () => (await import("./brief.ts")).renderBrief,
  unified: async () => (await import("./brief.ts")).renderUnified,
  markdown: async () => (await import("./markdown.ts")).renderMarkdown,
  html: async () => (await import("./html/html.ts")).renderHtml,
  json: async () => (await import("./json.ts")).renderJson,
  github: async () => (await import("./github.ts")).renderGithub,
};

/** A traffic diff in one of its formats. Only text has levels of detail, colours and a width. */
export async function renderDiff(diff: TrafficDiff, format: DiffFormat, options: TextOptions): Promise<string> {
  const render = await renderers[format]();
  return render(diff, options);
}
