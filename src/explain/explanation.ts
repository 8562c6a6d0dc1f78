import type { Origin } from "../diagnostics/place.ts";
import type { LineOrigin } from "../ir/artifact.ts";
import type { ChainGraph } from "./chain/chain-graph.ts";
import type { ChainExplanation } from "./chain/explain-chain.ts";
import type { RuleExplanation } from "./chain/explain-line.ts";
import type { EntryExplanation, SetExplanation } from "./chain/explain-set.ts";
import type { NodeExplanation } from "./explain-node.ts";
import type { ObjectExplanation } from "./explain-service.ts";

/** A place of the input as people name it. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Finds a place of the input again; undefined where it has none. */
export type SourceOf = (origin: Origin) => Source | undefined;

/** What renderers are told besides what they render. */
export interface Rendering {
  readonly sourceOf: SourceOf;
  /** Makes headings stand out. */
  readonly strong: (text: string) => string;
}

/** `cluster.yaml:12:5` */
export function printSource({ file, line, column }: Source): string {
  return `${file}:${line}:${column}`;
}

/** The place that a line of a script comes from. */
export function sourceOfCause({ document, path }: LineOrigin, sourceOf: SourceOf): Source | undefined {
  return document === undefined ? undefined : sourceOf({ document, path });
}

/** `from Service shop/web spec.clusterIP (cluster.yaml:12:5)`: why a line is there. */
export function printCause(cause: LineOrigin, sourceOf: SourceOf): string {
  const source = sourceOfCause(cause, sourceOf);
  const parts = [cause.object, ...(cause.field === "" ? [] : [cause.field])];
  if (cause.object === "kube-proxy") return "always present, independent of Services";
  return `from ${parts.join(" ")}${source === undefined ? "" : ` (${printSource(source)})`}`;
}

/** Everything that `explain` answers from a state or a dump. `graphs`: one for each kind of node, where they are drawn. */
export type Explanation =
  | {
      readonly kind: "object";
      readonly explanation: ObjectExplanation;
      readonly graphs: readonly ChainGraph[];
      /** Of a dump, whose chains are all there is to tell. */
      readonly dumpGraph: ChainGraph | undefined;
    }
  | { readonly kind: "node"; readonly explanation: NodeExplanation }
  | { readonly kind: "chain"; readonly explanation: ChainExplanation; readonly graphs: readonly ChainGraph[] }
  | { readonly kind: "set"; readonly explanation: SetExplanation }
  | { readonly kind: "entry"; readonly explanation: EntryExplanation }
  | {
      readonly kind: "rule";
      readonly explanation: RuleExplanation;
      readonly graphs: readonly ChainGraph[];
      /** What was searched for it, in words; undefined: nothing. */
      readonly where: string | undefined;
    };

/** What holds for nodes, with their names. */
interface OfNodes {
  readonly nodes: readonly string[];
}

/**
 * Equal parts become one of all their nodes. Line numbers do not count: they hang on what everybody else causes, and
 * stand for the first of the nodes.
 */
export function foldNodes<T extends OfNodes>(parts: readonly T[]): readonly T[] {
  const folded = new Map<string, T>();
  for (const part of parts) {
    const key = JSON.stringify(part, (name, value: unknown) =>
      name === "nodes" || name === "line" || name === "declaredAt" || name === "number" ? undefined : value,
    );
    const known = folded.get(key);
    folded.set(key, known === undefined ? part : { ...known, nodes: [...known.nodes, ...part.nodes] });
  }
  return [...folded.values()];
}
