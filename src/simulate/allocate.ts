import { compareBytes } from "../model/fields/compare.ts";
import { sha256Number } from "../tools/sha256.ts";

/** Where addresses or ports are drawn from. */
export interface Pool {
  /** Offsets count from 0 and end before this. */
  readonly size: number;
  readonly spell: (offset: number) => string;
  /** What nobody is given, however it came there. Grows with each allocation. */
  readonly taken: Set<string>;
}

/** What was given to whom: of another state, so that both give the same to the same name. */
export type Holdings = Map<string, string>;

const probes = 32;

/**
 * Gives each name its own of a pool: what it holds already, else what its hash says; a clash is resolved in name order.
 * So a name keeps what it has whatever comes and goes beside it, as long as no two hashes meet. Names that find the pool
 * full are left out.
 */
export function allocate(pool: Pool, names: Iterable<string>, held: Holdings): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  const give = (name: string, what: string): void => {
    given.set(name, what);
    pool.taken.add(what);
    held.set(name, what);
  };
  const sorted = [...new Set(names)].sort(compareBytes);
  for (const name of sorted) {
    const known = held.get(name);
    if (known !== undefined && !pool.taken.has(known)) give(name, known);
  }
  for (const name of sorted) {
    if (given.has(name)) continue;
    const found = findFree(pool, name);
    if (found !== undefined) give(name, found);
    // All of it was looked at: the others need not.
    else if (pool.size <= mostWalked) break;
  }
  return given;
}

/** Hashed again a few times, so that those that clashed do not stand in a row; then one after the other. */
function findFree({ size, spell, taken }: Pool, name: string): string | undefined {
  for (let probe = 0; probe < probes && size > 0; probe++) {
    const found = spell(sha256Number(`${name}#${probe}`) % size);
    if (!taken.has(found)) return found;
  }
  if (size > mostWalked) return undefined;
  for (let offset = 0; offset < size; offset++) {
    const found = spell(offset);
    if (!taken.has(found)) return found;
  }
  return undefined;
}

/** Nobody fills more than this. */
const mostWalked = 1 << 20;
