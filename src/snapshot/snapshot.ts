import { createSink, type Diagnostic } from "../diagnostics/diagnostic.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { makeSnapshot } from "./make-snapshot.ts";
import { createRedactor } from "./redact.ts";

export interface SnapshotOptions {
  /** False leaves out pods, which only `check` looks at; default true. */
  readonly pods?: boolean | undefined;
  /**
   * Replaces names and addresses: a keyed hash that gives at least 64 hexadecimal digits, such as HMAC-SHA-256. Whoever
   * has its key can try out names.
   */
  readonly redact?: ((text: string) => string) | undefined;
}

export interface Snapshot {
  /** Sorted by kind, namespace and name; of each only the fields that are read. */
  readonly objects: readonly object[];
  /** What is wrong with the documents as such; what is wrong with objects is for `check` and `compile` to say. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Keeps of cluster state what rules depend on: the same state gives the same objects, whatever else the API server keeps
 * with them and in whatever order it sends them. Compiling them gives what compiling the given objects gives.
 *
 * @example
 * ```ts
 * import { snapshot } from "portolan";
 *
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1", uid: "1f0c", resourceVersion: "42" } };
 * const { objects } = snapshot([{ apiVersion: "v1", kind: "List", items: [node] }]);
 * console.log(objects[0].metadata); // {"name":"node1"}
 * ```
 */
export function snapshot(objects: readonly unknown[], options: SnapshotOptions = {}): Snapshot {
  const { pods = true, redact } = options;
  const sink = createSink();
  flattenDocuments(objects, sink);
  const all = makeSnapshot(objects);
  const chosen = (pods ? all : all.filter(({ kind }) => kind !== "Pod")).map(({ value }) => value);
  if (redact === undefined) return { objects: chosen, diagnostics: sink.diagnostics };
  const redacted = makeSnapshot(chosen.map(createRedactor(redact)));
  return { objects: redacted.map(({ value }) => value), diagnostics: sink.diagnostics };
}
