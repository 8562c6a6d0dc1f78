/** What holds for nodes, with their names. */
interface OfNodes {
  readonly nodes: readonly string[];
}

/**
 * Equal parts become one of all their nodes. Line numbers do not count: they hang on what everybody else causes, and
 * stand for the first of the nodes.
 */
export function foldNodes<T extends OfNodes>(parts: readonly T[]): readonly T[] {
  const folded = new Map<string, T>();
  for (const part of parts) {
    const key = JSON.stringify(part, (name, value: unknown) =>
      name === "nodes" || name === "line" || name === "declaredAt" || name === "number" ? undefined : value,
    );
    const known = folded.get(key);
    folded.set(key, known === undefined ? part : { ...known, nodes: [...known.nodes, ...part.nodes] });
  }
  return [...folded.values()];
}
