import type { TextProblem } from "../../ir/artifact.ts";
import { fileOf } from "../../ir/datapath.ts";
import { parseRule } from "./parse-rule.ts";
import { type RuleTextProblem, readTables, type SavedChain } from "./read-tables.ts";
import type { Counters, Rule, Tables } from "./rule.ts";

export interface ParsedRules {
  readonly rules: readonly ReadRule[];
  /** Lines that are not rules. */
  readonly problems: readonly RuleTextProblem[];
}

export interface ReadRule {
  readonly rule: Rule;
  readonly file: string;
}

/** Parses the rules of a chain. */
export function parseRules(chain: SavedChain): ParsedRules {
  const rules: ReadRule[] = [];
  const problems: RuleTextProblem[] = [];
  for (const [at, text] of chain.lines.entries()) {
    const line = chain.numbers[at] ?? 0;
    const file = fileOf(chain, at);
    const read = parseRule({ text, line, counters: parseCounters(chain.counted[at]) });
    if (read.kind === "rule") rules.push({ rule: read.rule, file });
    else problems.push({ file, line, message: read.message, kind: "line" });
  }
  return { rules, problems };
}

function parseCounters(text: string | undefined): Counters | undefined {
  const [, packets, bytes] = text === undefined ? [] : (/^\[(\d+):(\d+)\]$/.exec(text) ?? []);
  return packets === undefined || bytes === undefined ? undefined : { packets, bytes };
}

/** One text with all its rules parsed: `printTables` prints it again. */
export function parseTables(text: string): Tables {
  const { tables, problems } = readTables([{ file: "", text }]);
  const found: TextProblem[] = problems.filter(concernsRules).map(({ line, message }) => ({ line, message }));
  const parsed = [...tables].map(([name, chains]) => ({
    name,
    chains: [...chains.values()].map((chain) => {
      const { rules, problems: broken } = parseRules(chain);
      for (const { line, message } of broken) found.push({ line, message });
      const { policy, declaredAt, counters } = chain;
      return {
        name: chain.name,
        policy,
        declaredAt,
        counters: parseCounters(counters),
        rules: rules.map(({ rule }) => rule),
      };
    }),
  }));
  return { tables: parsed, problems: found.sort((a, b) => a.line - b.line) };
}

/** Whether a problem concerns the rules in the text; iptables-nft's notes about other rules do not. */
export function concernsRules({ kind }: RuleTextProblem): boolean {
  return kind === "line" || kind === "undeclared" || kind === "cut-off";
}
