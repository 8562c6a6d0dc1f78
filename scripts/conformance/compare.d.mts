import type { Mode } from "./case.mjs";

type Files = Readonly<Record<string, string>>;

export function compareWithKubeProxy(expected: Files, compiled: Files | undefined): string[];
export function ruleDifferences(label: string, mode: Mode, saved: string, text: string): string[];
