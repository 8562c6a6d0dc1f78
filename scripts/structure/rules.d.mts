import type { Edge } from "./sources.mjs";

export interface Rules {
  readonly layers: readonly (readonly string[])[];
  readonly walls: readonly Wall[];
}

export interface Wall {
  readonly folder: string;
  readonly never?: readonly string[];
  readonly only?: readonly string[];
}

export interface Offender {
  readonly rule: "cycle" | "layer" | "siblings" | "wall";
  readonly from: string;
  readonly to: string;
  readonly line: number;
  readonly why: string;
}

export function findOffenders(edges: readonly Edge[], rules: Rules): readonly Offender[];
export function keyOf(offender: Offender): string;
export function compareWithKnown(
  offenders: readonly Offender[],
  known: readonly string[],
): { readonly added: readonly Offender[]; readonly gone: readonly string[] };
