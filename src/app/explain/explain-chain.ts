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
import { foldNodes } from "../../explain/explanation.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { isServicePortChain } from "../../programs/kube-proxy/chain-names.ts";
import { type Effects, Failure } from "../effects.ts";
import { hasState } from "../requests.ts";
import type { Explained, ExplainRequest } from "./compile-state.ts";
import { type Evidence, type Evidences, readEvidence } from "./evidence.ts";

interface Found {
  readonly chains: ChainPart[];
  readonly sets: SetPart[];
  readonly graphs: ChainGraph[];
  readonly draws: boolean;
  /** Similar names, for the hint. */
  readonly known: Set<string>;
}

/** `explain KUBE-...`: a chain, or a set of the ipvs mode, on every selected node. */
export async function explainChainOrSet(
  name: string,
  request: ExplainRequest,
  effects: Effects,
  evidences?: Evidences,
): Promise<Explained> {
  const { all, labels, sourceOf, state } = evidences ?? (await readEvidence(request, effects));
  const draws = request.draws === true;
  const found: Found = { chains: [], sets: [], graphs: [], draws, known: new Set() };
  for (const evidence of all()) lookFor(name, evidence, found);
  state?.reportAbout(() => false);
  if (found.sets.length > 0 && !found.chains.some(({ places }) => places.length > 0)) {
    const explanation = { name, parts: foldNodes(found.sets) };
    return { answer: { kind: "set", explanation }, sourceOf };
  }
  if (found.chains.length === 0) throw notFound(name, labels, found, request);
  const explanation = { name, parts: foldNodes(found.chains) };
  const graphs = explanation.parts.length > 1 ? found.graphs : found.graphs.slice(0, 1);
  return { answer: { kind: "chain", explanation, graphs }, sourceOf };
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

function notFound(name: string, labels: readonly string[], { known }: Found, request: ExplainRequest): Failure {
  const where = labels.length === 1 && labels[0] !== "" ? ` on ${labels[0]}` : "";
  if (setPurpose(name) !== undefined && request.actual === undefined) {
    const message = `there is no set ${name}${where}: only the ipvs mode has sets (--mode ipvs)`;
    return new Failure(message, "invalid-input");
  }
  const near = didYouMean(name, known);
  const isHash = isServicePortChain(name);
  const state = !hasState(request) ? "" : ", and it belongs to no service port or endpoint of the state";
  const gone = isHash && near === undefined ? "; it may belong to a deleted Service or endpoint" : "";
  const hint = near === undefined ? gone : `; did you mean ${near}?`;
  return new Failure(`there is no chain ${name}${where}${isHash ? state : ""}${hint}`, "invalid-input");
}

/** A line of sets or virtual servers: `add SET ENTRY`, `-A -t ADDRESS -s rr`, `-a -t ADDRESS -r ADDRESS ...`. */
export async function explainEntry(text: string, request: ExplainRequest, effects: Effects): Promise<Explained> {
  const { all, sourceOf, state } = await readEvidence(request, effects);
  const parts: EntryPart[] = [];
  for (const { label, texts } of all())
    parts.push(...explainEntryIn(text, texts).map((part) => ({ nodes: [label], ...part })));
  state?.reportAbout(() => false);
  if (parts.length === 0) {
    const set = /^add (\S+)/.exec(text)?.[1];
    const hint = set !== undefined && setPurpose(set) !== undefined ? " (only the ipvs mode has sets)" : "";
    throw new Failure(`there is no line "${text}"${hint}`, "invalid-input");
  }
  const explanation = { text, parts: foldNodes(parts) };
  return { answer: { kind: "entry", explanation }, sourceOf };
}
