import { absentChain } from "../../explain/chain/absent-chain.ts";
import { type ChainGraph, chainGraph } from "../../explain/chain/chain-graph.ts";
import { belongsToServicePort, findChainOwner } from "../../explain/chain/chain-owner.ts";
import { type AskedName, type ChainPart, explainChain } from "../../explain/chain/explain-chain.ts";
import { type EntryPart, explainEntryIn, explainSets, type SetPart } from "../../explain/chain/explain-set.ts";
import { foldNodes } from "../../explain/explanation.ts";
import { isInTable } from "../../explain/texts.ts";
import type { ReadLine } from "../../languages/text-reader.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { ownerOf as ownerOfObject, programById } from "../../programs/registry.ts";
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

/** `explain KUBE-...`, `explain service-ips`: chains, sets and maps of a name, on every selected node. */
export async function explainChainOrSet(
  asked: AskedName & { readonly otherwise?: string },
  request: ExplainRequest,
  effects: Effects,
  evidences?: Evidences,
): Promise<Explained> {
  const { all, labels, sourceOf, state } = evidences ?? (await readEvidence(request, effects));
  const draws = request.draws === true;
  const found: Found = { chains: [], sets: [], graphs: [], draws, known: new Set() };
  for (const evidence of all()) lookFor(asked, evidence, found);
  state?.reportAbout(() => false);
  const { name } = asked;
  const sets = { name, parts: foldNodes(found.sets) };
  const isChain = found.chains.some(({ places }) => places.length > 0);
  if (sets.parts.length > 0 && !isChain)
    return { answer: { kind: "set", explanation: sets, graphs: graphsFor(sets.parts, found) }, sourceOf };
  if (found.chains.length === 0) throw notFound(asked, labels, found, request);
  const explanation = { name, parts: foldNodes(found.chains) };
  const graphs = graphsFor(explanation.parts, found);
  return { answer: { kind: "chain", explanation, sets, graphs }, sourceOf };
}

/** One for each kind of node; the parts of sets are one for each table. */
function graphsFor(parts: readonly { readonly nodes: readonly string[] }[], { graphs }: Found): readonly ChainGraph[] {
  return graphs.slice(0, new Set(parts.map(({ nodes }) => nodes.join())).size);
}

function lookFor(asked: AskedName, { label, texts, facts, ownerOf }: Evidence, found: Found): void {
  const { name, table } = asked;
  const sets = explainSets(asked, texts);
  found.sets.push(...sets.map((set) => ({ nodes: [label], ...set })));
  const places = explainChain(asked, texts, ownerOf);
  if (places.length > 0) found.chains.push({ nodes: [label], places, absent: undefined });
  if (places.length > 0 || sets.length > 0) {
    if (!found.draws) return;
    const inTable = { ...texts, chains: texts.chains.filter((chain) => isInTable(chain, table)) };
    found.graphs.push(chainGraph(inTable, ({ chain }) => chain === name));
    return;
  }
  const owner = facts && findChainOwner(name, facts);
  if (facts !== undefined && owner !== undefined) {
    found.chains.push({ nodes: [label], places: [], absent: absentChain(owner, facts) });
  }
  for (const { name: other } of [...texts.chains, ...texts.sets]) found.known.add(other);
}

function notFound(
  { name, table, otherwise }: AskedName & { readonly otherwise?: string },
  labels: readonly string[],
  { known }: Found,
  request: ExplainRequest,
): Failure {
  const node = labels.length === 1 && labels[0] !== "" ? ` on ${labels[0]}` : "";
  const where = `${table === undefined ? "" : ` in table ${table}`}${node}`;
  const other = otherMode(name);
  if (other !== undefined && request.actual === undefined && !known.has(name)) {
    if (otherwise !== undefined) return new Failure(`${name}: write it as ${otherwise}`, "usage");
    const message = `there is no ${other.kind} ${name}${where}: only the ${other.modes} mode has it (${other.flag})`;
    return new Failure(message, "invalid-input");
  }
  const near = didYouMean(name, known);
  const isHash = belongsToServicePort(name);
  const state = !hasState(request) ? "" : ", and it belongs to no service port or endpoint of the state";
  const gone = isHash && near === undefined ? "; it may belong to a deleted Service or endpoint" : "";
  const hint = near === undefined ? gone : `; did you mean ${near}?`;
  return new Failure(`there is no chain or set ${name}${where}${isHash ? state : ""}${hint}`, "invalid-input");
}

/** The mode of kube-proxy that has a chain or set whatever the Services. */
function otherMode(name: string) {
  for (const kind of ["set", "chain"] as const) {
    const owner = ownerOfObject({ kind, table: undefined, name });
    if (owner === undefined || owner.servicePort !== undefined) continue;
    const modes = owner.programs.map((id) => programById(id).mode);
    if (modes.length > 0) return { kind, modes: modes.join(" or "), flag: `--mode ${modes[0]}` };
  }
  return undefined;
}

type Entries = Extract<ReadLine, { kind: "entries" }>;

/** Elements of sets and maps, virtual servers, addresses: `add SET ENTRY`, `10.96.0.10 . tcp . 80 : goto ...`. */
export async function explainEntries(
  { texts: asked, ...place }: Entries,
  request: ExplainRequest,
  effects: Effects,
  evidences?: Evidences,
): Promise<Explained> {
  const { all, sourceOf, state } = evidences ?? (await readEvidence(request, effects));
  const parts: EntryPart[] = [];
  for (const { label, texts } of all())
    for (const text of asked)
      parts.push(...explainEntryIn(text, place, texts).map((part) => ({ nodes: [label], ...part })));
  state?.reportAbout(() => false);
  const text = asked.join(", ");
  if (parts.length === 0) {
    const set = place.name ?? /^add (\S+)/.exec(text)?.[1];
    const other = set === undefined ? undefined : otherMode(set);
    const hint =
      other === undefined || request.actual !== undefined ? "" : ` (only the ${other.modes} mode has ${set})`;
    throw new Failure(`there is no line "${text}"${hint}`, "invalid-input");
  }
  return { answer: { kind: "entry", explanation: { text, parts: foldNodes(parts) } }, sourceOf };
}
