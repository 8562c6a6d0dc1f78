import type { Migration } from "../../migrate/migrate.ts";
import type { TextOptions } from "./text.ts";

/** What `migrate` prints, by the name that -o takes. */
export const migrateFormats = ["text", "markdown", "html", "json", "patch"] as const;

export type MigrateFormat = (typeof migrateFormats)[number];

type Renderer = (migration: Migration, options: TextOptions) => string;

const renderers: Readonly<Record<MigrateFormat, () => Promise<Renderer>>> = {
  text: async () => (await import("./text.ts")).renderText,
  markdown: async () => (await import("./markdown.ts")).renderMarkdown,
  html: async () => (await import("./html.ts")).renderHtml,
  json: async () => (await import("./json.ts")).renderJson,
  patch: async () => (await import("./patch.ts")).renderPatch,
};

/** A migration report in one of its formats. Only text has colours and a width. */
export async function renderMigration(
  migration: Migration,
  format: MigrateFormat,
  options: TextOptions,
): Promise<string> {
  const render = await renderers[format]();
  return render(migration, options);
}
