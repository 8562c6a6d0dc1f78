import { createSink, type Sink } from "../diagnostics/diagnostic.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { type CompileOptions, documentsOf, readCluster } from "./compile.ts";

/** Cluster state that was read, and how it is to be compiled. */
export interface ReadState {
  readonly inputs: {
    /** What diagnostics' document numbers count; the first `valueCount` have values. */
    readonly documents: readonly SourceDocument[];
    readonly valueCount: number;
  };
  readonly cluster: Cluster;
  readonly options: CompileOptions;
  /** Holds what reading it found, errors too: compileNode gives no script then. */
  readonly sink: Sink;
}

/** How cluster state is read, and for which node; as `compile` takes it. */
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
