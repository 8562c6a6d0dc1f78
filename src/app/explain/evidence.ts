import { findChainOwner, ownersByComments } from "../../explain/chain/chain-owner.ts";
import { withCausesOf } from "../../explain/chain/explain-line.ts";
import type { SourceOf } from "../../explain/explanation.ts";
import type { NodeFacts } from "../../explain/not-programmed/not-programmed.ts";
import type { Texts } from "../../explain/texts.ts";
import { type Effects, Failure } from "../effects.ts";
import { hasState } from "../requests.ts";
import { type ExplainRequest, readState, type State } from "./compile-state.ts";
import { sourceFinder } from "./find-object.ts";
import { type Dump, readDump } from "./read-dump.ts";

/** The live or desired state of one node, with the origins of its lines. */
export interface Evidence {
  readonly label: string;
  readonly texts: Texts;
  /** Undefined if there is only a dump. */
  readonly facts: NodeFacts | undefined;
  /** The desired state, if the texts are those of a dump. */
  readonly wanted: Texts | undefined;
  readonly ownerOf: (chain: string) => string | undefined;
}

export interface Evidences {
  readonly labels: readonly string[];
  /** Each is created on demand and not kept: a large cluster has many nodes. */
  readonly all: () => Iterable<Evidence>;
  readonly state: State | undefined;
  readonly isDump: boolean;
  readonly sourceOf: SourceOf;
}

/** The objects whose lines are asked about; undefined: all. */
export type ConcernedObjects = (state: State) => ReadonlySet<string> | undefined;

/** Reads what a request names: state, a dump, or both. */
export async function readEvidence(
  request: ExplainRequest,
  effects: Effects,
  concerned: ConcernedObjects = () => undefined,
): Promise<Evidences> {
  const { actual } = request;
  if (actual === undefined) {
    const state = await readState(request, effects);
    return {
      labels: state.nodes.map((node) => node ?? ""),
      all: function* () {
        const objects = concerned(state);
        for (const node of state.nodes) yield compiledEvidence(state, node, objects);
      },
      state,
      isDump: false,
      sourceOf: sourceFinder(state.documents),
    };
  }
  if (request.allNodes === true)
    throw new Failure("--all-nodes cannot be used with --actual: a dump shows one node", "usage");
  if (request.filename?.includes("-") === true && actual.includes("-")) {
    throw new Failure("-f and --actual cannot both read standard input", "usage");
  }
  const dump = await readDump(actual, effects);
  const state = hasState(request) ? await readState(request, effects) : undefined;
  const evidence = dumpEvidence(dump, state, request.node);
  const sourceOf = state === undefined ? () => undefined : sourceFinder(state.documents);
  return { labels: [dump.label], all: () => [evidence], state, isDump: true, sourceOf };
}

function compiledEvidence(state: State, node: string | undefined, objects: ReadonlySet<string> | undefined): Evidence {
  const { facts, texts } = state.compile(node, objects);
  const ownerOf = (chain: string): string | undefined => findChainOwner(chain, facts)?.port;
  return { label: facts.name, texts, facts, wanted: undefined, ownerOf };
}

/** A dump contains its host's name, which is the Node's name unless --node is passed. */
function dumpEvidence(dump: Dump, state: State | undefined, chosen: string | undefined): Evidence {
  const byComments = ownersByComments(dump.texts);
  if (state === undefined) {
    return { label: dump.label, texts: dump.texts, facts: undefined, wanted: undefined, ownerOf: byComments };
  }
  const isKnown = state.cluster.nodes.some(({ name }) => name === dump.host);
  const { facts, texts: wanted } = state.compile(chosen ?? (isKnown ? dump.host : undefined));
  const ownerOf = (chain: string): string | undefined => byComments(chain) ?? findChainOwner(chain, facts)?.port;
  return { label: dump.label, texts: withCausesOf(dump.texts, wanted), facts, wanted, ownerOf };
}
