export interface FuzzedPlan {
  readonly seed: number;
  readonly number: number;
  /** The mutations. */
  readonly name: string;
  readonly problem: string;
  readonly text: string;
}

/** `product`: the functions of src/ or dist/. Counts the exit codes, and gives what must not be. */
export function fuzzPlanFiles(
  product: object,
  options: { readonly count: number; readonly seed: number },
): Promise<{ readonly codes: ReadonlyMap<number, number>; readonly problems: readonly FuzzedPlan[] }>;
