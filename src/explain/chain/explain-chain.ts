import type { LineOrigin } from "../../ir/artifact.ts";
import type { PlacedObject, PlacedRule, RuleExit, Share } from "../../languages/text-reader.ts";
import { besides, calledBy, calleeName, calleesOf, chainsNamed, isInTable, type Texts } from "../texts.ts";
import type { AbsentChain } from "./absent-chain.ts";
import { belongsToServicePort, chainPurpose } from "./chain-owner.ts";

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
  /** Undefined for a table that holds both, or none of IP. */
  readonly family: PlacedObject["family"];
  readonly table: string;
  readonly file: string;
  readonly declaredAt: number | undefined;
  /** Completes "it ...". */
  readonly purpose: string;
  /** The service port that owns it. */
  readonly service: string | undefined;
  /** Base chains from which packets can get here. */
  readonly reachedFrom: readonly string[];
  readonly leadingHere: readonly ExplainedRule[];
  /** Elements of maps that lead here. */
  readonly elementsLeadingHere: readonly ExplainedRule[];
  readonly rules: readonly ExplainedRule[];
}

/** A rule of a chain, or an element of a set or map. */
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
  /** Where the elements of a map in the rule itself lead; empty for a rule without one. */
  readonly branches: readonly Branch[];
  readonly cause: LineOrigin | undefined;
}

export interface Branch {
  /** The element; empty where packets are divided at random. */
  readonly key: string;
  /** A chain, an address with port, or the end of the packet. */
  readonly to: string;
  readonly share: Share | undefined;
}

/** What a request names: of any table, or of one. */
export interface AskedName {
  readonly name: string;
  readonly table: string | undefined;
}

/** Explains the chains of a name; empty where none exists. `ownerOf` finds the owner of a chain. */
export function explainChain(
  { name, table: asked }: AskedName,
  texts: Texts,
  ownerOf: (chain: string) => string | undefined,
): readonly ChainPlace[] {
  const service = ownerOf(name);
  return chainsNamed(texts, name)
    .filter((chain) => isInTable(chain, asked))
    .map((chain) => {
      const beside = besides(texts, chain);
      const leading = (kinds: readonly PlacedObject["kind"][]): readonly ExplainedRule[] =>
        beside
          .filter(({ kind, lines }) => kinds.includes(kind) && lines.some((line) => line.includes(name)))
          .flatMap((other) => explainRules(other, texts, (rule) => calleesOf(rule).includes(name)));
      return {
        family: chain.family,
        table: chain.table,
        file: chain.file,
        declaredAt: chain.declaredAt,
        purpose: chainPurpose(chain, service),
        service,
        reachedFrom: roots(chain, beside),
        leadingHere: leading(["chain"]),
        elementsLeadingHere: leading(["map"]),
        rules: explainRules(chain, texts, () => true),
      };
    });
}

/** The selected rules of a chain, or elements of a set; shares count all rules of its forks. */
export function explainRules(
  { name: chain, rules }: PlacedObject,
  texts: Texts,
  isAsked: (rule: PlacedRule) => boolean,
): readonly ExplainedRule[] {
  return rules.filter(isAsked).map((rule) => {
    const { file, line, table, number, text, share } = rule;
    const words = rule.inWords() + endpointBehind(rule, texts);
    const branches = rule.hasBranches ? rule.exits.map(branchOf) : [];
    return { file, line, table, chain, number, text, words, share, branches, cause: texts.causeOf(file, line) };
  });
}

function branchOf({ to, key, share }: RuleExit): Branch {
  return { key, to: to.kind === "callee" ? to.name : to.label, share };
}

/** The destination of an endpoint's chain that a rule jumps to, where the chain's name is a hash. */
function endpointBehind(rule: PlacedRule, texts: Texts): string {
  const [name, other] = calleesOf(rule);
  if (name === undefined || other !== undefined || name.includes("/") || !belongsToServicePort(name)) return "";
  const chain = chainsNamed(texts, name).find(({ family }) => family === rule.family);
  const targets = chain === undefined ? [] : endpointsOf(chain);
  return targets.length === 0 ? "" : `, which sends to ${targets.join(", ")}`;
}

/** The addresses that a chain itself sends packets to. */
export function endpointsOf({ rules }: PlacedObject): readonly string[] {
  return rules.flatMap(({ exits }) =>
    exits.flatMap(({ to }) => (to.kind === "endpoint" && to.id === `to ${to.label}` ? [to.label] : [])),
  );
}

/** The chains without callers from which packets can reach this chain, except the chain itself. */
function roots(chain: PlacedObject, beside: readonly PlacedObject[]): readonly string[] {
  const leaders = new Map<string, Set<string>>();
  for (const object of beside) {
    const name = calleeName(object);
    for (const to of calledBy(object)) {
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
