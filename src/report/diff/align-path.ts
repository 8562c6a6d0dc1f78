import type { PathRule, TrafficChange } from "../../diff/traffic-diff.ts";
import { signs } from "../words.ts";

/** A line of the path of an example packet: a rule on both sides, or on one. */
export interface PathRow {
  readonly before: PathRule | undefined;
  readonly after: PathRule | undefined;
}

/** The path before and after in two columns: rules that the packet meets on both sides are beside each other. */
export function alignPath({ before, after }: TrafficChange["examplePath"]): readonly PathRow[] {
  const [was] = before;
  const [is] = after;
  if (was === undefined) return after.map((rule) => ({ before: undefined, after: rule }));
  if (is === undefined) return before.map((rule) => ({ before: rule, after: undefined }));
  const rest = { before: before.slice(1), after: after.slice(1) };
  if (isSameRule(was, is)) return [{ before: was, after: is }, ...alignPath(rest)];
  const [inAfter, inBefore] = [indexOf(after, was), indexOf(before, is)];
  if (inAfter === undefined && inBefore === undefined) return [{ before: was, after: is }, ...alignPath(rest)];
  if (inAfter !== undefined && (inBefore === undefined || inAfter <= inBefore))
    return [{ before: undefined, after: is }, ...alignPath({ before, after: rest.after })];
  return [{ before: was, after: undefined }, ...alignPath({ before: rest.before, after })];
}

function isSameRule(a: PathRule, b: PathRule): boolean {
  return a.where === b.where && a.text === b.text;
}

function indexOf(rules: readonly PathRule[], wanted: PathRule): number | undefined {
  const index = rules.findIndex((rule) => isSameRule(rule, wanted));
  return index === -1 ? undefined : index;
}

/** The sign of a rule that only its side has; undefined for a rule of both. */
export function pathSign({ differs }: PathRule, side: "before" | "after"): "+" | "-" | undefined {
  if (!differs) return undefined;
  return side === "before" ? signs.removed : signs.added;
}
