import type { LineOrigin } from "../../ir/artifact.ts";
import { targetOf } from "../../languages/iptables/canonical-rule.ts";
import { isEndpointChain } from "../../programs/kube-proxy/chain-names.ts";
import { describeRule } from "../describe-rule.ts";
import { forkShares, type Share } from "../share.ts";
import { chainsNamed, leadsTo, type PlacedChain, type PlacedRule, type Texts } from "../texts.ts";
import type { AbsentChain } from "./absent-chain.ts";
import { chainPurpose } from "./chain-owner.ts";

/** The owner of a chain, the rules that jump to it, and what its rules do. */
export interface ChainExplanation {
  readonly name: string;
  readonly parts: readonly ChainPart[];
}

/** The explanation for nodes where it is the same. */
export interface ChainPart {
  /** The nodes; for a dump, its name. */
  readonly nodes: readonly string[];
  /** The chains of this name: one in each family and table. */
  readonly places: readonly ChainPlace[];
  /** Why there are none. */
  readonly absent: AbsentChain | undefined;
}

export interface ChainPlace {
  readonly family: PlacedChain["family"];
  readonly table: string;
  readonly file: string;
  readonly declaredAt: number | undefined;
  /** Completes "it ...". */
  readonly purpose: string;
  /** The service port that owns it. */
  readonly service: string | undefined;
  /** Built-in chains from which packets can get here. */
  readonly reachedFrom: readonly string[];
  readonly leadingHere: readonly ExplainedRule[];
  readonly rules: readonly ExplainedRule[];
}

export interface ExplainedRule {
  readonly file: string;
  readonly line: number;
  readonly table: string;
  readonly chain: string;
  /** Its position in the chain, from 1. */
  readonly number: number;
  readonly text: string;
  readonly words: string;
  /** The fraction of the packets at this fork. */
  readonly share: Share | undefined;
  readonly cause: LineOrigin | undefined;
}

/** Explains the chains of a name; empty where none exists. `ownerOf` finds the owner of a chain. */
export function explainChain(
  name: string,
  texts: Texts,
  ownerOf: (chain: string) => string | undefined,
): readonly ChainPlace[] {
  const service = ownerOf(name);
  return chainsNamed(texts, name).map((chain) => {
    const beside = texts.chains.filter(({ family, table }) => family === chain.family && table === chain.table);
    return {
      family: chain.family,
      table: chain.table,
      file: chain.file,
      declaredAt: chain.declaredAt,
      purpose: chainPurpose(chain.table, name, service),
      service,
      reachedFrom: roots(chain, beside),
      leadingHere: beside
        .filter(({ lines }) => lines.some((line) => line.includes(name)))
        .flatMap((other) => explainRules(other, texts, (rule) => leadsTo(rule) === name)),
      rules: explainRules(chain, texts, () => true),
    };
  });
}

/** The selected rules of a chain; shares count all rules of its forks. */
export function explainRules(
  chain: PlacedChain,
  texts: Texts,
  isAsked: (rule: PlacedRule) => boolean,
): readonly ExplainedRule[] {
  if (!chain.rules.some(isAsked)) return [];
  const shares = forkShares(chain.rules);
  return chain.rules.flatMap((rule, at) => {
    if (!isAsked(rule)) return [];
    const { file, line, table, number, text } = rule;
    const share = shares[at];
    // The share already describes the random match.
    const asked = share === undefined ? rule.matches : rule.matches.filter(({ kind }) => kind !== "statistic");
    const words = describeRule({ matches: asked, target: rule.target }) + endpointBehind(rule, texts);
    return [{ file, line, table, chain: chain.name, number, text, words, share, cause: texts.causeOf(file, line) }];
  });
}

/** The destination of an endpoint's chain that a rule jumps to, since the chain's name is a hash. */
function endpointBehind(rule: PlacedRule, texts: Texts): string {
  const name = leadsTo(rule);
  if (name === undefined || !isEndpointChain(name)) return "";
  const chain = chainsNamed(texts, name).find(({ family }) => family === rule.family);
  const targets = chain?.rules.flatMap(({ target }) => (target.kind === "dnat" ? [target.destination] : [])) ?? [];
  return targets.length === 0 ? "" : `, which sends to ${targets.join(", ")}`;
}

/** The chains without callers from which packets can reach this chain, except the chain itself. */
function roots(chain: PlacedChain, beside: readonly PlacedChain[]): readonly string[] {
  const leaders = new Map<string, Set<string>>();
  for (const { name, lines } of beside) {
    for (const line of lines) {
      const to = targetOf(line);
      if (to === undefined) continue;
      const known = leaders.get(to);
      if (known === undefined) leaders.set(to, new Set([name]));
      else known.add(name);
    }
  }
  const seen = new Set([chain.name]);
  const found: string[] = [];
  // The set grows during the loop: the callers of each new chain are visited as well.
  for (const name of seen) {
    const before = leaders.get(name) ?? new Set();
    if (before.size === 0 && name !== chain.name) found.push(name);
    for (const leader of before) seen.add(leader);
  }
  return found.sort();
}
