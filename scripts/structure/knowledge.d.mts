import type { Edge, Source } from "./sources.mjs";

export function filesAskingMode(sources: readonly Source[]): readonly string[];
export function filesKnowingTool(edges: readonly Edge[]): readonly string[];
export function filesReadingRules(sources: readonly Source[]): readonly string[];
export function filesDeclaring(sources: readonly Source[], name: string): readonly string[];
