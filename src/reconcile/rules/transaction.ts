import { deleteRule, insertRule } from "../../languages/iptables/canonical-rule.ts";
import { declare } from "../../languages/iptables/write.ts";
import { editChain } from "./edit-chain.ts";
import { editPartialChain } from "./partial-chain.ts";
import type { ChainChange } from "./rule-changes.ts";

/** What one `*TABLE ... COMMIT` does: the kernel does all of it at once. */
interface Transaction {
  /** Chains that are emptied, or made. */
  readonly declared: string[];
  readonly rules: string[];
  /** Chains that are deleted, last: nothing may lead to them then. */
  readonly deletions: string[];
}

/** The lines of a transaction that makes all of these changes; none where there is nothing to do. */
export function transaction(table: string, changes: readonly ChainChange[]): readonly string[] {
  const into: Transaction = { declared: [], rules: [], deletions: [] };
  for (const change of changes) takePart(change, into);
  const lines = [...into.declared, ...into.rules, ...into.deletions];
  return lines.length === 0 ? [] : [`*${table}`, ...lines, "COMMIT"];
}

function takePart(change: ChainChange, into: Transaction): void {
  const { chain, kind, desired, difference, isBuiltIn } = change;
  if (isBuiltIn) {
    addAll(into.rules, placeJumps(change));
  } else if (change.partial !== undefined) {
    addAll(into.rules, editPartialChain(change, change.partial));
  } else if (kind === "remove") {
    into.declared.push(declare(chain));
    if (!change.isHeld) into.deletions.push(`-X ${chain}`);
  } else {
    const edit = kind === "change" ? editChain(chain, desired, difference) : undefined;
    if (edit === undefined) into.declared.push(declare(chain));
    addAll(into.rules, edit === undefined ? desired : [...edit.deletes, ...edit.inserts]);
  }
}

/** One by one: a chain may have more rules than a call can have arguments. */
function addAll(rules: string[], lines: readonly string[]): void {
  for (const line of lines) rules.push(line);
}

/**
 * All desired jumps to the head of their chain, or behind as many rules of others as they are known to have stood. Where
 * more is to be done than to take some away, all are taken out first: a rule that stands twice has no other name.
 */
function placeJumps({ chain, desired, live, difference, foreignBefore }: ChainChange): readonly string[] {
  const { missing, extra, reordered } = difference;
  const isTwice = extra.some((line) => desired.includes(line));
  if (missing.length === 0 && !reordered && !isTwice) return extra.map(deleteRule);
  const places = desired.length === foreignBefore.length ? foreignBefore : desired.map(() => 0);
  return [...live.map(deleteRule), ...desired.map((line, at) => insertRule(line, chain, (places[at] ?? 0) + at + 1))];
}
