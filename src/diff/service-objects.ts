import { createSink } from "../diagnostics/diagnostic.ts";
import { at, originOf, type Place } from "../diagnostics/place.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { isRecord, valueAt, valueBelow } from "../model/fields/fields.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { groupBy } from "../model/group-by.ts";
import { matchesLabels } from "../simulate/pods/matches-selector.ts";
import { recordOf, type Texts, textMapOf } from "../simulate/values.ts";
import type { SideObject } from "./changed-fields.ts";
import type { SourcePlace } from "./traffic-diff.ts";

type Locate = (place: Place) => SourcePlace | undefined;

/**
 * The objects that decide about the traffic of a Service `shop/web`: itself, its slices, and the workloads whose pods
 * it selects. Objects that were simulated are left out: they follow from these.
 */
export function serviceObjects(
  { services, slices }: Cluster,
  documents: readonly SourceDocument[],
  locate: Locate,
): (service: string) => readonly SideObject[] {
  const values = documents.map(({ value }) => value);
  const byName = new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));
  // Not every diff shows a Service that both sides have.
  let slicesOf: ReadonlyMap<string, Cluster["slices"]> | undefined;
  let workloadsOf: ReadonlyMap<string, readonly Workload[]> | undefined;
  const objectAt = (name: string, place: Place, deciding: SideObject["deciding"]): readonly SideObject[] => {
    const origin = originOf(place);
    const value = valueAt(values, origin);
    if (!isRecord(value) || documents[origin.document]?.form.kind === "made") return [];
    return [{ name, value, deciding, source: (path) => locate(path.reduce(at, place)) }];
  };
  return (wanted) => {
    const service = byName.get(wanted);
    if (service === undefined) return [];
    slicesOf ??= groupBy(slices, ({ namespace, service: name }) => `${namespace}/${name}`);
    workloadsOf ??= groupBy(workloadsIn(values), ({ namespace }) => namespace);
    const own = objectAt(`Service ${wanted}`, service.place, [["spec"]]);
    const ofSlices = (slicesOf.get(wanted) ?? []).flatMap(({ source, namespace, name, endpointsPlace }) =>
      objectAt(`${source} ${namespace}/${name}`, objectOf(endpointsPlace), [["ports"], ["endpoints"], ["subsets"]]),
    );
    const selector = textMapOf(valueBelow(own[0]?.value, ["spec", "selector"]));
    const isSelected = ({ labels }: Workload) => Object.keys(selector).length > 0 && matchesLabels(labels, selector);
    const ofWorkloads = (workloadsOf.get(service.namespace) ?? [])
      .filter(isSelected)
      .flatMap(({ name, place }) => objectAt(name, place, [["spec", "replicas"]]));
    return [...own, ...ofSlices, ...ofWorkloads];
  };
}

interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Texts;
  readonly place: Place;
}

const workloadKinds: ReadonlySet<string> = new Set([
  "Deployment",
  "StatefulSet",
  "ReplicaSet",
  "ReplicationController",
]);

/** Each once: an overlay follows what it replaces. */
function workloadsIn(documents: readonly unknown[]): readonly Workload[] {
  const found = new Map<string, Workload>();
  for (const { kind, value, place } of flattenDocuments(documents, createSink())) {
    const { name, namespace = "default" } = recordOf(value.metadata);
    if (!workloadKinds.has(kind) || typeof name !== "string" || typeof namespace !== "string") continue;
    const labels = textMapOf(valueBelow(value, ["spec", "template", "metadata", "labels"]));
    found.set(`${kind} ${namespace}/${name}`, { name: `${kind} ${namespace}/${name}`, namespace, labels, place });
  }
  return [...found.values()];
}

/** The object that the list of a slice's endpoints, or of a subset's addresses, is in. */
function objectOf(endpoints: Place): Place {
  let place = endpoints;
  while (place.parent !== undefined && place.key !== "endpoints" && place.key !== "subsets") place = place.parent;
  return place.parent ?? place;
}
