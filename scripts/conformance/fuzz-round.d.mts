import type { Mode, Product } from "./case.mjs";

export interface FuzzRound {
  readonly compared: number;
  readonly differing: readonly { readonly folder: string; readonly differences: readonly string[] }[];
  readonly trouble: string | undefined;
}

export function runFuzzRound(
  oracle: string,
  product: Product,
  options: { readonly mode: Mode; readonly seed: number; readonly folder: string; readonly limit?: number },
): FuzzRound;
