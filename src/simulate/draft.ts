import type { Report, Sink } from "../diagnostics/diagnostic.ts";
import type { Place } from "../diagnostics/place.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import { subjectOf } from "../model/read-objects.ts";
import { simulatedAnnotation, simulatedParts } from "../model/simulated.ts";
import type { Allocations } from "./allocate.ts";
import type { Settings } from "./options.ts";
import { recordOf, type Texts, textMapOf, type Value } from "./values.ts";

/** A simulated object. */
export interface InventedObject {
  readonly value: Value;
  /** The place of the source object; undefined: there is none. */
  readonly place: Place | undefined;
}

/** The intermediate result of the simulation; each step reads the results of the previous ones. */
export interface Draft {
  readonly settings: Settings;
  readonly held: Allocations;
  readonly sink: Sink;
  /** Given objects with new content, by their place in the input. */
  readonly changed: Map<InputObject, Value>;
  readonly invented: InventedObject[];
  /** Given objects that are removed. */
  readonly removed: Set<InputObject>;
  /** `shop/web` of Services whose given slices are out of date. */
  readonly stale: Set<string>;
}

export function reportOn({ sink }: Draft, { input }: GivenObject): Report {
  return sink.reporter(subjectOf(input));
}

/** The annotation of a simulated object. */
export const invented: Readonly<Record<string, string>> = { [simulatedAnnotation]: "object" };

/** The object with these fields named in its annotation, besides those that are there already. */
export function markFields(value: Value, fields: readonly string[]): Value {
  if (fields.length === 0) return value;
  const known = simulatedParts(value) ?? [];
  if (known.includes("object")) return value;
  const parts = [...new Set([...known, ...fields])].sort();
  const metadata = recordOf(value.metadata);
  const annotations = { ...recordOf(metadata.annotations), [simulatedAnnotation]: parts.join(",") };
  return { ...value, metadata: { ...metadata, annotations } };
}

/** An object of the input, with the fields that all steps use. */
export interface GivenObject {
  readonly input: InputObject;
  readonly namespace: string;
  readonly name: string;
  /** `shop/web`; the name alone of a Node. */
  readonly key: string;
  readonly labels: Texts;
}

const versions = {
  Service: "v1",
  Node: "v1",
  Pod: "v1",
  Endpoints: "v1",
  EndpointSlice: "discovery.k8s.io/v1",
  Deployment: "apps/v1",
  ReplicaSet: "apps/v1",
  StatefulSet: "apps/v1",
  DaemonSet: "apps/v1",
  Job: "batch/v1",
  ReplicationController: "v1",
} as const;

export type Kind = keyof typeof versions;

/** The objects by kind, sorted by name: the result does not depend on the order of the input. */
export type GivenObjects = Readonly<Record<Kind, readonly GivenObject[]>>;

/** Sorts the objects that the simulation reads. Objects without a name are reported by the parser. */
export function sortGiven(objects: readonly InputObject[]): GivenObjects {
  const byKind = Object.fromEntries(Object.keys(versions).map((kind) => [kind, []])) as unknown as Record<
    Kind,
    GivenObject[]
  >;
  for (const input of objects) {
    if (!isKind(input.kind) || versions[input.kind] !== input.apiVersion) continue;
    const { namespace, name } = subjectOf(input);
    if (name === "") continue;
    const key = namespace === "" ? name : `${namespace}/${name}`;
    const labels = textMapOf(recordOf(input.value.metadata).labels);
    byKind[input.kind].push({ input, namespace, name, key, labels });
  }
  for (const list of Object.values(byKind)) list.sort((a, b) => compareBytes(a.key, b.key));
  return byKind;
}

/** Whether the simulation reads objects of this kind, in any version. */
export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(versions, kind);
}

/** The version that is read of a kind. */
export function versionOf(kind: Kind): string {
  return versions[kind];
}
