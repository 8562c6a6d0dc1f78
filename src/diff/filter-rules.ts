import type { EvaluatedHost } from "../datapath/host.ts";
import type { Narrowing } from "../filter/narrowing.ts";
import type { LoadedChain } from "../ir/datapath.ts";
import { sameText, type TablePair } from "./changed-chains.ts";
import type { RulePairs, TablePairs } from "./destinations/equivalence-prefilter.ts";
import type { LineOwners } from "./line-owners.ts";

/** The text of a host on both sides. */
export interface ComparedTexts {
  readonly pairs: RulePairs;
  readonly base: EvaluatedHost;
  readonly head: EvaluatedHost;
}

/** Keeps lines of the shown Services and lines without an owner. Other lines are removed before texts are compared. */
export function narrowTexts(
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
