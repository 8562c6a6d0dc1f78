import type { Origin } from "../diagnostics/place.ts";
import type { LineOrigin } from "../ir/artifact.ts";
import type { ChainGraph } from "./chain/chain-graph.ts";
import type { ChainExplanation } from "./chain/explain-chain.ts";
import type { RuleExplanation } from "./chain/explain-line.ts";
import type { EntryExplanation, SetExplanation } from "./chain/explain-set.ts";
import type { AddressExplanation } from "./explain-address.ts";
import type { NodeExplanation } from "./explain-node.ts";
import type { ObjectExplanation } from "./explain-service.ts";

/** A place of the input, for display. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Finds a place of the input again; undefined where there is none. */
export type SourceOf = (origin: Origin) => Source | undefined;

/** Options for renderers. */
export interface Rendering {
  readonly sourceOf: SourceOf;
  /** Emphasises headings. */
  readonly strong: (text: string) => string;
  /** Whether the rules of an object are listed, or only counted. */
  readonly listsRules: boolean;
}

/** `cluster.yaml:12:5` */
export function printSource({ file, line, column }: Source): string {
  return `${file}:${line}:${column}`;
}

/** The place that a line of a script originates from. */
export function sourceOfCause({ document, path }: LineOrigin, sourceOf: SourceOf): Source | undefined {
  return document === undefined ? undefined : sourceOf({ document, path });
}

/** The origin of a line: `from Service shop/web spec.clusterIP (cluster.yaml:12:5)`. */
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
      /** For a dump: its chains are the only known facts. */
      readonly dumpGraph: ChainGraph | undefined;
    }
  | { readonly kind: "node"; readonly explanation: NodeExplanation }
  | { readonly kind: "address"; readonly explanation: AddressExplanation }
  | { readonly kind: "restore-line"; readonly explanation: RestoreLineExplanation }
  | {
      readonly kind: "chain";
      readonly explanation: ChainExplanation;
      /** Sets and maps of the same name. */
      readonly sets: SetExplanation;
      readonly graphs: readonly ChainGraph[];
    }
  | { readonly kind: "set"; readonly explanation: SetExplanation; readonly graphs: readonly ChainGraph[] }
  | { readonly kind: "entry"; readonly explanation: EntryExplanation }
  | {
      readonly kind: "rule";
      readonly explanation: RuleExplanation;
      readonly graphs: readonly ChainGraph[];
      /** What was searched, in words; undefined: nothing. */
      readonly where: string | undefined;
    };

/** A line of input of iptables-restore that was refused. */
export interface RestoreLineExplanation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly table: string | undefined;
  /** What is wrong, line by line; empty where the text does not show it. */
  readonly faults: readonly { readonly line: number; readonly message: string; readonly hint: string | undefined }[];
  /** The chain and what it is for. */
  readonly owner: string | undefined;
}

/** Facts about nodes, with the nodes' names. */
interface OfNodes {
  readonly nodes: readonly string[];
}

/**
 * Merges equal parts into one part for all their nodes. Line numbers are ignored, since they depend on all objects;
 * they are those of the first node.
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
