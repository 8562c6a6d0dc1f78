import { type Document, isAlias, isMap, isScalar, isSeq, visit } from "yaml";
import type { TextProblem } from "./json-problem.ts";

/** Keys that stand twice in one mapping. The library looks for them too, at a cost that grows with their square. */
export function findDuplicateKeys(root: unknown): readonly TextProblem[] {
  const problems: TextProblem[] = [];
  const look = (node: unknown): void => {
    if (isSeq(node)) node.items.forEach(look);
    if (!isMap(node)) return;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items) {
      // As text, which all keys of JSON are.
      const name = isScalar(key) ? String(key.value) : key;
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
      if (seen.has(name)) problems.push({ offset, message: "Map keys must be unique" });
      seen.add(name);
      look(value);
    }
  };
  look(root);
  return problems;
}

/** The offset of an alias whose anchor nobody has set. */
export function findUnknownAlias(document: Document.Parsed): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (!isAlias(alias) || alias.resolve(document) !== undefined) return undefined;
      offset = alias.range?.[0];
      return visit.BREAK;
    },
  });
  return offset;
}
