import { createSink, type Diagnostic } from "../diagnostics/diagnostic.ts";
import { isRecord } from "../model/fields/fields.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import { flattenDocuments, type InputObject } from "../model/flatten-documents.ts";
import { fieldsRead, type Shape } from "./fields-read.ts";
import { createRedactor } from "./redact.ts";

/** An object with only the fields that are read. */
export interface SnapshotObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for objects of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * Returns the objects that compiling and checking read: kinds in a fixed order, sorted by namespace and name, with only
 * the fields that are read. The same state gives the same result, regardless of other fields and of order.
 */
export function makeSnapshot(documents: readonly unknown[]): readonly SnapshotObject[] {
  const kinds = [...fieldsRead.keys()];
  const rank = ({ apiVersion, kind }: SnapshotObject): number => kinds.indexOf(`${apiVersion} ${kind}`);
  return flattenDocuments(documents, createSink())
    .flatMap(snapshotOf)
    .sort((a, b) => rank(a) - rank(b) || compareBytes(a.namespace, b.namespace) || compareBytes(a.name, b.name));
}

const clusterKinds = new Set(["Node", "ServiceCIDR", "Host", "KubeProxyConfiguration"]);

function snapshotOf({ apiVersion, kind, value }: InputObject): readonly SnapshotObject[] {
  const shape = fieldsRead.get(`${apiVersion} ${kind}`);
  const picked = shape === undefined ? undefined : pick(value, shape);
  if (!isRecord(picked)) return [];
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const text = (field: unknown): string => (typeof field === "string" ? field : "");
  const namespace = clusterKinds.has(kind) ? "" : text(metadata.namespace) || "default";
  const { apiVersion: _, kind: __, ...rest } = picked;
  return [
    {
      apiVersion,
      kind,
      namespace,
      name: text(metadata.name),
      value: { apiVersion, kind, ...onlyReady(inOrder(rest)) },
    },
  ];
}

/** Of a pod's conditions one is read. */
function onlyReady(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { status } = value;
  if (!isRecord(status) || !Array.isArray(status.conditions)) return value;
  const conditions = status.conditions.filter((one) => isRecord(one) && one.type === "Ready");
  return { ...value, status: { ...status, conditions } };
}

/** Slices have no order of endpoints. Of two with the same address the later one counts, so their order is kept. */
function inOrder(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { endpoints } = value;
  if (!Array.isArray(endpoints)) return value;
  const address = (endpoint: unknown): string => {
    const [first] = isRecord(endpoint) && Array.isArray(endpoint.addresses) ? endpoint.addresses : [];
    return typeof first === "string" ? first : "";
  };
  return { ...value, endpoints: [...endpoints].sort((a, b) => compareBytes(address(a), address(b))) };
}

/** What a shape keeps of a value; undefined where that is nothing. A null and a mapping of nothing say no more than a field that is absent. */
function pick(value: unknown, shape: Shape): unknown {
  if (shape === "all") return sorted(value);
  if (Array.isArray(value)) return value.map((item) => pick(item, shape) ?? {});
  // A value of the wrong type is kept for the parser.
  if (!isRecord(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(shape)) {
    const given = value[field];
    const found = given === undefined || given === null ? undefined : pick(given, inner);
    if (found !== undefined) kept[field] = found;
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** Mappings in it with their keys in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).sort(compareBytes);
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

export interface SnapshotOptions {
  /** False leaves out pods, which only `check` looks at; default true. */
  readonly pods?: boolean | undefined;
  /**
   * Replaces names and addresses: a keyed hash that returns at least 64 hexadecimal digits, such as HMAC-SHA-256. With
   * its key, names can be guessed.
   */
  readonly redact?: ((text: string) => string) | undefined;
}

export interface Snapshot {
  /** Sorted by kind, namespace and name; of each only the fields that are read. */
  readonly objects: readonly object[];
  /** Diagnostics of the documents themselves; `check` and `compile` report problems of objects. */
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
