import { describeObject, describeSubject, type Sink, type Subject } from "../diagnostics/diagnostic.ts";
import { printable } from "../diagnostics/printable.ts";
import { flattenDocuments, type InputObject } from "../model/flatten-documents.ts";
import type { EndpointSlice } from "../model/objects/endpoint-slice.ts";
import type { ConfigurationReader } from "../model/proxy-configuration/proxy-configuration.ts";
import { isRead, type Read, readObjects, subjectOf } from "../model/read-objects.ts";
import { type Changes, createChanges, keyOf } from "./store.ts";

/** An object that was deleted. */
export interface RemovedObject {
  readonly kind: string;
  /** Missing or empty for kinds without namespaces. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** The changed objects. An object that is in both lists counts as given. */
export interface ObjectChanges {
  /**
   * New or changed objects, as JSON.parse returns them; Lists are expanded. Of several with one name the last counts.
   */
  readonly upsert?: readonly unknown[] | undefined;
  readonly remove?: readonly RemovedObject[] | undefined;
}

export interface ReadOptions extends ConfigurationReader {
  /** The number of the first document. */
  readonly first: number;
}

export interface ReadChanges {
  readonly changes: Changes;
  /** Objects with errors; they do not change the state. */
  readonly refused: readonly Subject[];
}

/** Reads and checks the changed objects, each on its own. */
export function readChanges(
  { upsert = [], remove = [] }: ObjectChanges,
  options: ReadOptions,
  sink: Sink,
): ReadChanges {
  const changes = createChanges();
  for (const object of remove) takeAway(object, changes);
  const inputs = lastOfEachName(flattenDocuments(upsert, sink, options.first));
  const objects = readObjects(inputs, options, sink);
  const refused = new Set<Subject>();
  const good = <T>(read: readonly Read<T>[], put: (object: T, key: string) => void): void => {
    for (const { object, subject } of read) {
      if (subject.errors > 0) refused.add(subject);
      else put(object, keyOf(subject));
    }
  };
  good(objects.services, (service, key) => changes.services.set(key, service));
  good(objects.slices, (slice, key) => changes.slices.set(key, slice));
  good(objects.nodes, (node, key) => changes.nodes.set(key, node));
  good(objects.serviceCidrs, (cidr, key) => changes.serviceCidrs.set(key, cidr));
  good(objects.hosts, (host, key) => changes.hosts.set(key, host));
  good(objects.configurations, (configuration) => changes.configurations.set("", configuration));
  readEndpoints(inputs, objects.endpoints, { changes, refused }, sink);
  return { changes, refused: [...refused] };
}

/** Endpoints are converted to zero or more slices. */
function readEndpoints(
  inputs: readonly InputObject[],
  read: readonly Read<EndpointSlice>[],
  { changes, refused }: { readonly changes: Changes; readonly refused: Set<Subject> },
  sink: Sink,
): void {
  for (const subject of inputs.filter(isRead).map(subjectOf)) {
    if (subject.kind !== "Endpoints" || subject.name === "") continue;
    const object = printable(describeSubject(subject));
    if (sink.diagnostics.some((one) => one.severity === "error" && one.object === object)) refused.add(subject);
    else changes.endpoints.set(keyOf(subject), slicesOf(read, subject));
  }
}

function slicesOf(read: readonly Read<EndpointSlice>[], { namespace, name }: Subject): readonly EndpointSlice[] {
  return read.map(({ object }) => object).filter((slice) => slice.namespace === namespace && slice.name === name);
}

function takeAway({ kind, namespace = "", name }: RemovedObject, changes: Changes): void {
  const key = keyOf({ namespace: namespace || "default", name });
  const bare = keyOf({ namespace: "", name });
  switch (kind) {
    case "Service":
      changes.services.set(key, undefined);
      break;
    case "EndpointSlice":
      changes.slices.set(key, undefined);
      break;
    case "Endpoints":
      changes.endpoints.set(key, undefined);
      break;
    case "Node":
      changes.nodes.set(bare, undefined);
      break;
    case "ServiceCIDR":
      changes.serviceCidrs.set(bare, undefined);
      break;
    case "Host":
      changes.hosts.set(bare, undefined);
      break;
    case "KubeProxyConfiguration":
      changes.configurations.set("", undefined);
      break;
  }
}

function lastOfEachName(inputs: readonly InputObject[]): readonly InputObject[] {
  const last = new Map<string, InputObject>();
  let nameless = 0;
  for (const input of inputs) {
    const subject = subjectOf(input);
    const { kind, namespace, name } = subject;
    const isNamed = name !== "" || kind === "KubeProxyConfiguration";
    const key = isNamed ? `${input.apiVersion} ${describeObject(kind, namespace, name)}` : `${nameless++}`;
    last.delete(key);
    last.set(key, input);
  }
  return [...last.values()];
}

/** Reports for objects with errors whether they keep their last state. */
export function reportRefused(subjects: readonly Subject[], isKnown: (subject: Subject) => boolean, sink: Sink): void {
  for (const subject of subjects) {
    const object = describeSubject(subject);
    sink.reporter(subject)(isKnown(subject) ? "last-valid-state-kept" : "object-skipped", undefined, { object });
  }
}
