import type { LineOrigin } from "../../ir/artifact.ts";
import { canonicalRule } from "../../languages/iptables/canonical-rule.ts";
import { parseRule } from "../../languages/iptables/parse-rule.ts";
import type { Match } from "../../languages/iptables/rule.ts";
import { iptablesChains } from "../../programs/kube-proxy/chain-names.ts";
import { describeMatch, describeTarget } from "../describe-rule.ts";
import { chainsNamed, leadsTo, type PlacedChain, type Texts } from "../texts.ts";
import { chainPurpose } from "./chain-owner.ts";
import { type ExplainedRule, explainRules } from "./explain-chain.ts";

/** What a rule does, match by match, and where it is found. */
export interface RuleExplanation {
  readonly text: string;
  readonly chain: string;
  readonly matches: readonly { readonly kind: Match["kind"]; readonly words: string }[];
  readonly target: string;
  /** The places of this very rule, in any spelling. */
  readonly found: readonly FoundRule[];
  /** Without such places: similar rules of the same chain. */
  readonly nearest: readonly ExplainedRule[];
}

export interface FoundRule extends ExplainedRule {
  readonly nodes: readonly string[];
  /** The purpose of its chain. */
  readonly purpose: string;
}

export type ReadRule =
  | { readonly kind: "rule"; readonly rule: Omit<RuleExplanation, "found" | "nearest"> }
  | { readonly kind: "broken"; readonly message: string };

/** A rule in words, from its text alone. */
export function readRule(text: string): ReadRule {
  const read = parseRule({ text, line: 1, counters: undefined });
  if (read.kind === "broken") return read;
  const { chain, matches, target } = read.rule;
  const words = matches.map((match) => ({ kind: match.kind, words: wordsOf(match) }));
  return { kind: "rule", rule: { text, chain, matches: words, target: describeTarget(target) } };
}

function wordsOf(match: Match): string {
  if (match.kind === "comment") return `comment, matches every packet: ${match.text}`;
  return describeMatch(match) ?? "repeats the protocol match";
}

/** Finds a rule in the texts of a node. */
export function findRule(
  text: string,
  texts: Texts,
  ownerOf: (chain: string) => string | undefined,
): readonly Omit<FoundRule, "nodes">[] {
  const wanted = canonicalRule(text);
  const chain = /^-A (\S+)/.exec(wanted)?.[1] ?? "";
  return chainsNamed(texts, chain).flatMap((each) =>
    explainRules(each, texts, (rule) => rule.text === text || canonicalRule(rule.text) === wanted).map((rule) => ({
      ...rule,
      purpose: chainPurpose(each.table, chain, ownerOf(chain)),
    })),
  );
}

const mostNearest = 5;

/** Similar rules of the same chain: those with the same target, else those with the same comment. */
export function nearestRules(text: string, texts: Texts): readonly ExplainedRule[] {
  const read = parseRule({ text, line: 1, counters: undefined });
  if (read.kind === "broken") return [];
  const { rule } = read;
  const comments = rule.matches.flatMap((match) => (match.kind === "comment" ? [match.text] : []));
  const near = chainsNamed(texts, rule.chain).flatMap((chain) =>
    explainRules(chain, texts, (other) => {
      const isSameTarget =
        leadsTo(rule) !== undefined &&
        leadsTo(other) === leadsTo(rule) &&
        leadsTo(rule) !== iptablesChains.markMasquerade;
      return isSameTarget || other.matches.some((match) => match.kind === "comment" && comments.includes(match.text));
    }),
  );
  return near.slice(0, mostNearest);
}

/** A dump with the origins of those lines that the compiled text contains as well, in any spelling. */
export function withCausesOf(dump: Texts, compiled: Texts): Texts {
  const causes = new Map<string, LineOrigin>();
  const note = (file: string, line: number, cause: LineOrigin | undefined): void => {
    if (cause !== undefined) causes.set(`${file}:${line}`, cause);
  };
  const wanted = new Map(compiled.chains.map((chain) => [keyOf(chain), chain]));
  for (const chain of dump.chains) {
    const same = wanted.get(keyOf(chain));
    if (same === undefined) continue;
    if (chain.declaredAt !== undefined && same.declaredAt !== undefined) {
      note(chain.file, chain.declaredAt, compiled.causeOf(same.file, same.declaredAt));
    }
    const exact = new Map(same.rules.map((rule) => [rule.text, rule]));
    let canonical: ReadonlyMap<string, (typeof same.rules)[number]> | undefined;
    for (const rule of chain.rules) {
      let twin = exact.get(rule.text);
      if (twin === undefined) {
        canonical ??= new Map(same.rules.map((each) => [canonicalRule(each.text), each]));
        twin = canonical.get(canonicalRule(rule.text));
      }
      if (twin !== undefined) note(rule.file, rule.line, compiled.causeOf(twin.file, twin.line));
    }
  }
  const others = new Map(compiled.others.map((line) => [`${line.language} ${line.text}`, line]));
  for (const { language, file, line, text } of dump.others) {
    const twin = others.get(`${language} ${text}`);
    if (twin !== undefined) note(file, line, compiled.causeOf(twin.file, twin.line));
  }
  return { ...dump, causeOf: (file, line) => causes.get(`${file}:${line}`) };
}

function keyOf({ family, table, name }: PlacedChain): string {
  return `${family} ${table} ${name}`;
}
