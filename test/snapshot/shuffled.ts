/** The same in another order, always the same one. */
export function shuffled<T>(values: readonly T[]): readonly T[] {
  return values
    .map((value, index) => ({ value, rank: (index * 7919 + 13) % 1009 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
