import { type Alias, isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import { mostLevels, type TextProblem } from "./json-problem.ts";

/** Whether a value has more levels of nesting below it than these, or than a document may have. */
export function isTooDeep(value: unknown, levels = mostLevels): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels < 0) return true;
  if (Array.isArray(value)) return value.some((item) => isTooDeep(item, levels - 1));
  const record = value as Readonly<Record<string, unknown>>;
  // No list of values is made: an API server may have sent a million objects.
  for (const name in record) if (typeof record[name] === "object" && isTooDeep(record[name], levels - 1)) return true;
  return false;
}

/** What the aliases of one text may still add to it: aliases of aliases multiply with each line. */
export interface AliasBudget {
  characters: number;
}

export function createAliasBudget(): AliasBudget {
  return { characters: 10_000_000 };
}

/** In one document. For each alias the library looks through all anchors and aliases. */
const mostAliases = 10_000;

/**
 * Why a YAML document is not a tree of bounded size: an alias without an anchor, an anchor that contains itself, aliases
 * that multiply, nesting. One pass over the syntax, before values are made of it.
 */
export function findTreeProblem(root: unknown, budget: AliasBudget): TextProblem | undefined {
  /** The size of each anchor's value; undefined while inside of it. Names may be used again. */
  const anchors = new Map<string, number | undefined>();
  let problem: TextProblem | undefined;
  let aliases = 0;
  const fail = ({ range }: Pick<Node, "range">, message: string): number => {
    problem ??= { offset: range?.[0] ?? 0, message };
    return 0;
  };
  const sizeOfAlias = (alias: Alias): number => {
    const size = anchors.get(alias.source);
    if (!anchors.has(alias.source)) return fail(alias, `the alias *${alias.source} has no anchor before it`);
    if (size === undefined) return fail(alias, `the anchor &${alias.source} contains itself`);
    budget.characters -= size;
    aliases += 1;
    if (budget.characters < 0 || aliases > mostAliases) return fail(alias, "the aliases expand to too much text");
    return size;
  };
  const sizeOf = (node: unknown, level: number): number => {
    if (problem !== undefined) return 0;
    if (isAlias(node)) return sizeOfAlias(node);
    if (isScalar(node)) {
      const size = 1 + (typeof node.value === "string" ? node.value.length : 0);
      if (node.anchor !== undefined) anchors.set(node.anchor, size);
      return size;
    }
    if (!isMap(node) && !isSeq(node)) return 1;
    if (level > mostLevels) return fail(node, `more than ${mostLevels} levels of nesting`);
    if (node.anchor !== undefined) anchors.set(node.anchor, undefined);
    const parts = isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : node.items;
    const size = parts.reduce((sum: number, part: unknown) => sum + sizeOf(part, level + 1), 1);
    if (node.anchor !== undefined) anchors.set(node.anchor, size);
    return size;
  };
  sizeOf(root, 0);
  return problem;
}
