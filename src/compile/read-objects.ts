import { createSink, type Sink } from "../diagnostics/diagnostic.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { type CompileOptions, documentsOf, readCluster } from "./compile.ts";

/** Cluster state, and how to compile it. */
export interface ReadState {
  readonly inputs: {
    /** The documents that diagnostics' numbers refer to; the first `valueCount` have values. */
    readonly documents: readonly SourceDocument[];
    readonly valueCount: number;
  };
  readonly cluster: Cluster;
  readonly options: CompileOptions;
  /** Contains the diagnostics of reading, including errors: compileNode then gives no script. */
  readonly sink: Sink;
}

/** How to read cluster state, and for which node; as in `compile`. */
export type StateOptions = Omit<CompileOptions, "keepGoing" | "origins">;

/** Reads parsed objects as `compile` does. */
export function readStateOfObjects(objects: readonly unknown[], options: CompileOptions): ReadState {
  const { documents: values, roles } = documentsOf(objects, options);
  const sink = createSink();
  const cluster = readCluster(values, roles, options, sink);
  const documents = values.map(
    (value, number): SourceDocument => ({
      value,
      source: { name: `document ${number}`, text: "" },
      form: { kind: "none" },
    }),
  );
  return { inputs: { documents, valueCount: documents.length }, cluster, options, sink };
}
