import type { DocsSources } from "./load-sources.mjs";

type ManSources = Pick<DocsSources, "program" | "version"> & {
  readonly exitCodes: Readonly<Record<string, number>>;
  readonly exitCodeMeanings: Readonly<Record<string, string>>;
};
/** The manual page as roff. */
export function manPage(sources: ManSources): string;
