/** Bytewise order, as Go compares strings. The texts compared here are ASCII, where UTF-16 order is the same. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Values by namespace and name: two maps, since building a key of both for each look-up costs more than the look-up. */
export type NameMap<V> = Map<string, Map<string, V>>;

export function lookUp<V>(
  map: ReadonlyMap<string, ReadonlyMap<string, V>>,
  namespace: string,
  name: string,
): V | undefined {
  return map.get(namespace)?.get(name);
}

export function enterName<V>(map: NameMap<V>, namespace: string, name: string, value: V): void {
  namesIn(map, namespace).set(name, value);
}

/** The names of one namespace, made when there are none yet. */
export function namesIn<V>(map: NameMap<V>, namespace: string): Map<string, V> {
  let names = map.get(namespace);
  if (names === undefined) {
    names = new Map();
    map.set(namespace, names);
  }
  return names;
}

/** The candidate nearest to what was written, when it is near enough to be meant: one edit in three letters. */
export function didYouMean(written: string, candidates: Iterable<string>): string | undefined {
  const allowed = Math.max(1, Math.floor(written.length / 3));
  let best: string | undefined;
  let bestDistance = allowed + 1;
  if (written.length > 64) return undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - written.length) >= bestDistance) continue;
    const distance = editDistance(written.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
