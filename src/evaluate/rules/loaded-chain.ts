import { parseRule } from "../../tools/iptables/parse-rule.ts";
import type { Rule } from "../../tools/iptables/parsed.ts";

/** A chain whose lines stay text until somebody walks it. */
export interface LoadedChain {
  readonly name: string;
  /** Of a built-in chain; undefined for the others. */
  readonly policy: string | undefined;
  /** Without counters. */
  readonly lines: readonly string[];
  /** Line numbers, from 1, beside `lines`. */
  readonly numbers: readonly number[];
  /** The file each line is from; one for all where there is only one. */
  readonly files: readonly string[];
}

export function fileOf({ files }: LoadedChain, at: number): string {
  return (files.length > 1 ? files[at] : files[0]) ?? "";
}

/** Beside the chains: most of 100,000 chains are never walked, and need no room for parsed rules. */
const parsed = new WeakMap<LoadedChain, (Rule | undefined)[]>();

/** The rule of a line; one that cannot be read is a rule of unknown matches and target. */
export function ruleAt(chain: LoadedChain, at: number): Rule {
  let rules = parsed.get(chain);
  if (rules === undefined) {
    rules = [];
    parsed.set(chain, rules);
  }
  const known = rules[at];
  if (known !== undefined) return known;
  const text = chain.lines[at] ?? "";
  const line = chain.numbers[at] ?? 0;
  const read = parseRule({ text, line, counters: undefined });
  const rule: Rule =
    read.kind === "rule"
      ? read.rule
      : { chain: chain.name, line, text, counters: undefined, matches: [], target: { kind: "unknown", words: [text] } };
  rules[at] = rule;
  return rule;
}
