import type { ExplainFlags } from "../../cli/commands/explain.ts";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { hasState } from "../../cli/program/state-flags.ts";
import { absentChain } from "../../explain/chain/absent-chain.ts";
import { type ChainGraph, chainGraph } from "../../explain/chain/chain-graph.ts";
import { findChainOwner } from "../../explain/chain/chain-owner.ts";
import { type ChainPart, explainChain } from "../../explain/chain/explain-chain.ts";
import {
  type EntryPart,
  explainEntryIn,
  explainSet,
  type SetPart,
  setPurpose,
} from "../../explain/chain/explain-set.ts";
import { foldNodes } from "../../explain/fold-nodes.ts";
import { didYouMean } from "../../model/fields/did-you-mean.ts";
import { isServicePortChain } from "../../programs/kube-proxy/chain-names.ts";
import { renderChain, renderSet } from "../../report/explain/chain.ts";
import { chainDocument, entryDocument, setDocument } from "../../report/explain/documents.ts";
import { renderEntry } from "../../report/explain/line.ts";
import { type Evidence, readEvidence } from "./evidence.ts";
import { printAnswer } from "./print-answer.ts";

interface Found {
  readonly chains: ChainPart[];
  readonly sets: SetPart[];
  readonly graphs: ChainGraph[];
  readonly draws: boolean;
  /** Names that might have been meant. */
  readonly known: Set<string>;
}

/** `explain KUBE-...`: a chain, or a set of the ipvs mode, on every node that is asked. */
export async function explainChainOrSet(name: string, flags: ExplainFlags): Promise<string> {
  const { all, labels, sourceOf, state } = await readEvidence(flags);
  const draws = flags.output === "mermaid" || flags.output === "dot";
  const found: Found = { chains: [], sets: [], graphs: [], draws, known: new Set() };
  for (const evidence of all()) lookFor(name, evidence, found);
  state?.tellAbout(() => false);
  if (found.sets.length > 0 && !found.chains.some(({ places }) => places.length > 0)) {
    const set = { name, parts: foldNodes(found.sets) };
    return printAnswer(flags, sourceOf, {
      text: (rendering) => renderSet(set, rendering),
      document: () => setDocument(set, sourceOf),
      graphs: () => [],
    });
  }
  if (found.chains.length === 0) throw notFound(name, labels, found, flags);
  const chain = { name, parts: foldNodes(found.chains) };
  return printAnswer(flags, sourceOf, {
    text: (rendering) => renderChain(chain, rendering),
    document: () => chainDocument(chain, sourceOf),
    graphs: () => (chain.parts.length > 1 ? found.graphs : found.graphs.slice(0, 1)),
  });
}

function lookFor(name: string, { label, texts, facts, ownerOf }: Evidence, found: Found): void {
  const set = explainSet(name, texts);
  if (set !== undefined) found.sets.push({ nodes: [label], ...set });
  const places = explainChain(name, texts, ownerOf);
  if (places.length > 0) {
    found.chains.push({ nodes: [label], places, absent: undefined });
    if (found.draws) found.graphs.push(chainGraph(texts, ({ chain }) => chain === name));
    return;
  }
  const owner = facts && findChainOwner(name, facts);
  if (facts !== undefined && owner !== undefined) {
    found.chains.push({ nodes: [label], places: [], absent: absentChain(owner, facts) });
  }
  for (const { name: other } of texts.chains) found.known.add(other);
}

function notFound(name: string, labels: readonly string[], { known }: Found, flags: ExplainFlags): CommandFailure {
  const where = labels.length === 1 && labels[0] !== "" ? ` on ${labels[0]}` : "";
  if (setPurpose(name) !== undefined && flags.actual === undefined) {
    const message = `there is no set ${name}${where}: sets are of the ipvs mode (--mode ipvs)`;
    return new CommandFailure(message, exitCodes.invalidInput);
  }
  const near = didYouMean(name, known);
  const isHash = isServicePortChain(name);
  const state = !hasState(flags) ? "" : ", and no service port or endpoint of the state would have it";
  const gone = isHash && near === undefined ? "; it may be of a Service or an endpoint that is gone" : "";
  const hint = near === undefined ? gone : `; did you mean ${near}?`;
  return new CommandFailure(`there is no chain ${name}${where}${isHash ? state : ""}${hint}`, exitCodes.invalidInput);
}

/** A line of sets or virtual servers: `add SET ENTRY`, `-A -t ADDRESS -s rr`, `-a -t ADDRESS -r ADDRESS ...`. */
export async function explainEntry(text: string, flags: ExplainFlags): Promise<string> {
  const { all, sourceOf, state } = await readEvidence(flags);
  const parts: EntryPart[] = [];
  for (const { label, texts } of all())
    parts.push(...explainEntryIn(text, texts).map((part) => ({ nodes: [label], ...part })));
  state?.tellAbout(() => false);
  if (parts.length === 0) {
    const set = /^add (\S+)/.exec(text)?.[1];
    const hint = set !== undefined && setPurpose(set) !== undefined ? " (sets are of the ipvs mode)" : "";
    throw new CommandFailure(`there is no line "${text}"${hint}`, exitCodes.invalidInput);
  }
  const explanation = { text, parts: foldNodes(parts) };
  return printAnswer(flags, sourceOf, {
    text: (rendering) => renderEntry(explanation, rendering),
    document: () => entryDocument(explanation, sourceOf),
    graphs: () => [],
  });
}
