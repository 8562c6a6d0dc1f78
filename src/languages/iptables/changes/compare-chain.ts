import type { ChainDifference } from "../../../ir/owned.ts";
import { canonicalRule } from "../canonical-rule.ts";
import type { OwnChains } from "../own-chains.ts";
import { targetOf } from "../rule-lines.ts";

/**
 * Compares rules by meaning: back ends and versions of iptables spell them differently, and kube-proxy writes the rules
 * of shared chains in random order. Undefined: no difference.
 */
export function compareChain(
  desired: readonly string[],
  live: readonly string[],
  own: OwnChains,
): ChainDifference | undefined {
  if (desired === live) return undefined;
  if (desired.length === live.length && desired.every((line, index) => line === live[index])) return undefined;
  if (live.length === 0) return { missing: desired, extra: [], reordered: false, live };
  if (desired.length === 0) return { missing: [], extra: live, reordered: false, live };
  const open = countLines(desired);
  const partners: (string | undefined)[] = live.map((line) => take(open, line));
  const left = new Map<string, string[]>();
  for (const line of desired) {
    if (take(open, line) !== undefined) push(left, canonicalRule(line), line);
  }
  const said = live.map((line, index) => partners[index] ?? left.get(canonicalRule(line))?.shift());
  const missing = new Map([...left.values()].flatMap((lines) => [...countLines(lines)]));
  const difference = {
    missing: desired.filter((line) => take(missing, line) !== undefined),
    extra: live.filter((_, index) => said[index] === undefined),
    live: said.map((line, index) => line ?? (live[index] as string)),
  };
  const reordered = isReordered(without(desired, difference.missing), said, own);
  const same = !reordered && difference.missing.length === 0 && difference.extra.length === 0;
  return same ? undefined : { ...difference, reordered };
}

function push(lists: Map<string, string[]>, key: string, line: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [line]);
  else list.push(line);
}

function isReordered(kept: readonly string[], said: readonly (string | undefined)[], own: OwnChains): boolean {
  const expected = normalOrder(kept, own);
  const actual = normalOrder(
    said.filter((line) => line !== undefined),
    own,
  );
  return expected.some((line, index) => line !== actual[index]);
}

/**
 * Rules for different addresses and ports may be in any order: no packet matches two of them. They are sorted here, up
 * to the next rule without a port, which may match any packet.
 */
function normalOrder(lines: readonly string[], own: OwnChains): readonly string[] {
  const normal: string[] = [];
  let run: { readonly key: string; readonly line: string }[] = [];
  let dispatch: boolean | undefined;
  const flush = (): void => {
    run.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    for (const { line } of run) normal.push(line);
    run = [];
  };
  for (const line of lines) {
    const key = orderFreeKey(line, own);
    const isDispatch = key !== undefined && !key.includes(" ");
    if (key === undefined || (dispatch !== undefined && dispatch !== isDispatch)) flush();
    dispatch = key === undefined ? undefined : isDispatch;
    if (key === undefined) normal.push(line);
    else run.push({ key, line });
  }
  flush();
  return normal;
}

/** Rules with the same key may match the same packet, so they keep their order. Undefined: it may match any packet. */
function orderFreeKey(line: string, own: OwnChains): string | undefined {
  const address = / -d (\S+\/(?:32|128)) /.exec(line)?.[1] ?? "";
  const port = / -p (\S+) .*--dport (\S+)/.exec(line);
  if (port !== null) return `${port[1]} ${port[2]} ${address}`;
  const served = / --vproto (\S+) --vaddr (\S+) --vport (\S+)/.exec(line);
  if (served !== null) return `${served[1]} ${served[3]} ${served[2]}`;
  // There may be one such rule for each address of the host.
  return address !== "" && own.roleOf(targetOf(line) ?? "") === "local-dispatch" ? address : undefined;
}

/** Lines with the number of their copies. */
export function countLines(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** Whether the chain contains duplicate lines. */
export function hasTwice(lines: readonly string[]): boolean {
  return new Set(lines).size < lines.length;
}

/** Removes one copy of the line; undefined when there is none left. */
export function take(counts: Map<string, number>, line: string): string | undefined {
  const count = counts.get(line) ?? 0;
  if (count === 0) return undefined;
  counts.set(line, count - 1);
  return line;
}

/** The remaining lines after removing `left`, one copy for each. */
export function without(lines: readonly string[], left: readonly string[]): string[] {
  const counts = countLines(left);
  return lines.filter((line) => take(counts, line) === undefined);
}
