import type { readSources } from "./sources.ts";

export type DocsSources = Awaited<ReturnType<typeof readSources>>;
export function loadSources(): Promise<DocsSources>;
