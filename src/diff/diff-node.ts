import type { EvaluatedHost } from "../datapath/host.ts";
import type { Narrowing } from "../filter/narrowing.ts";
import type { LoadedChain } from "../ir/datapath.ts";
import { sameText, type TablePair } from "./changed-chains.ts";
import { compareNode } from "./compare-node.ts";
import { describeChange, type NodePair } from "./describe-change.ts";
import type { RulePairs, TablePairs } from "./destinations/equivalence-prefilter.ts";
import { type DestinationChange, foldDestinations } from "./destinations/fold-destinations.ts";
import { diffRules } from "./diff-rules.ts";
import { createLineOwners, type LineOwners } from "./line-owners.ts";
import type { NodeRules, TrafficChange } from "./traffic-diff.ts";

export interface NodeDiff {
  readonly changes: readonly TrafficChange[];
  readonly rules: NodeRules;
  /** How many rules, entries and servers are hidden by a filter. */
  readonly hiddenRules: number;
}

/** The differences of one node. A node with unknown addresses gets addresses from a range that no network uses. */
export function diffNode(pair: NodePair, narrowing?: Narrowing): NodeDiff {
  const { base: before, head: after, pairs, destinations, comparisons } = compareNode(pair);
  const changes: DestinationChange[] = [];
  for (const { destination, entries } of comparisons) {
    const change = describeChange(destination, entries, pair, { base: before, head: after });
    if (change !== undefined) changes.push({ destination, change });
  }
  const hosts = [before, after];
  const hasRules = (address: string) =>
    hosts.some(({ families }) => families[address.includes(":") ? "ipv6" : "ipv4"].tables.size > 0);
  const nodeAddresses = [...new Set(hosts.flatMap(({ world }) => world.nodeAddresses))].filter(hasRules);
  const texts = { pairs, base: before, head: after };
  return {
    changes: foldDestinations(changes, { destinations, nodeAddresses }),
    ...(narrowing === undefined ? wholeRules(texts, pair.head.name) : narrowedRules(texts, pair, narrowing)),
  };
}

type RulesDiff = Pick<NodeDiff, "rules" | "hiddenRules">;

function wholeRules({ pairs, base, head }: ComparedTexts, node: string): RulesDiff {
  return { rules: diffRules(pairs, base, head, node), hiddenRules: 0 };
}

function narrowedRules(texts: ComparedTexts, { base, head }: NodePair, narrowing: Narrowing): RulesDiff {
  const owners = createLineOwners([
    { node: head, host: texts.head },
    { node: base, host: texts.base },
  ]);
  const all = wholeRules(texts, head.name);
  const { rules } = wholeRules(narrowTexts(texts, owners, narrowing), head.name);
  return { rules, hiddenRules: Math.max(0, countRules(all.rules) - countRules(rules)) };
}

function countRules({ added, changed, removed, moved }: NodeRules): number {
  return added + changed + removed + moved;
}

/** The text of a host on both sides. */
interface ComparedTexts {
  readonly pairs: RulePairs;
  readonly base: EvaluatedHost;
  readonly head: EvaluatedHost;
}

/** Keeps lines of the shown Services and lines without an owner. Other lines are removed before texts are compared. */
function narrowTexts(
  { pairs, base, head }: ComparedTexts,
  { ofRule, ofEntry, ofServer }: LineOwners,
  { shows }: Narrowing,
): ComparedTexts {
  const ruleIsShown: IsShown = (chain, line) => shows(ofRule(chain, line));
  const narrowHost = (host: EvaluatedHost): EvaluatedHost => ({
    ...host,
    sets: new Map(
      [...host.sets].map(([name, set]) => [
        name,
        { ...set, entries: set.entries.filter(({ text }) => shows(ofEntry(name, text))) },
      ]),
    ),
    servers: new Map([...host.servers].filter(([, server]) => shows(ofServer(server)))),
  });
  return {
    pairs: { ipv4: narrowPairs(pairs.ipv4, ruleIsShown), ipv6: narrowPairs(pairs.ipv6, ruleIsShown) },
    base: narrowHost(base),
    head: narrowHost(head),
  };
}

type IsShown = (chain: string, line: string) => boolean;

function narrowPairs(tables: TablePairs, isShown: IsShown): TablePairs {
  return new Map([...tables].map(([name, pair]) => [name, narrowPair(pair, isShown)]));
}

/** A chain that is empty or equal on both sides after filtering is no difference. */
function narrowPair(pair: TablePair, isShown: IsShown): TablePair {
  const different = new Set(pair.different);
  const [base, head] = [new Map(pair.base), new Map(pair.head)];
  for (const name of pair.different) {
    const sides = [narrowChain(base, name, isShown), narrowChain(head, name, isShown)];
    const [before, after] = sides;
    const isSame = before !== undefined && after !== undefined && sameText(before, after);
    if (isSame || sides.every((chain) => chain === undefined || chain.lines.length === 0)) different.delete(name);
  }
  return { ...pair, base, head, different };
}

/** Replaces the chain by its remaining lines. */
function narrowChain(chains: Map<string, LoadedChain>, name: string, isShown: IsShown): LoadedChain | undefined {
  const chain = chains.get(name);
  if (chain === undefined) return undefined;
  const lines = chain.lines.filter((line) => isShown(name, line));
  const left = lines.length < chain.lines.length ? { ...chain, lines, numbers: [] } : chain;
  chains.set(name, left);
  return left;
}
