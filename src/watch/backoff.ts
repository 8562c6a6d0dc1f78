/** How long to wait after failures in a row, in milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly most: number;
}

/** The wait doubles with each failure. `chance` is from 0 to 1: many watchers are not to come back at once. */
export function waitAfter(failures: number, { first, most }: Backoff, chance: number): number {
  const wait = Math.min(most, first * 2 ** Math.min(failures - 1, 30));
  return Math.min(most, Math.round(wait * (0.8 + 0.4 * chance)));
}
