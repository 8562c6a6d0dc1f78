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
