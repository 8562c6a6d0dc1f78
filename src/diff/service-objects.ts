import { createSink } from "../diagnostics/diagnostic.ts";
import { at, originOf, type Place } from "../diagnostics/place.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import { isRecord, valueAt } from "../model/fields/fields.ts";
import { flattenDocuments } from "../model/flatten-documents.ts";
import { type SideObject, valueIn } from "./changed-fields.ts";
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
  let workloads: readonly Workload[] | undefined;
  const objectAt = (name: string, place: Place, deciding: SideObject["deciding"]): readonly SideObject[] => {
    const origin = originOf(place);
    const value = valueAt(values, origin);
    if (!isRecord(value) || documents[origin.document]?.form.kind === "made") return [];
    return [{ name, value, deciding, source: (path) => locate(path.reduce(at, place)) }];
  };
  return (wanted) => {
    const service = byName.get(wanted);
    if (service === undefined) return [];
    workloads ??= workloadsIn(values);
    const own = objectAt(`Service ${wanted}`, service.place, [["spec"]]);
    const ofSlices = slices
      .filter((slice) => slice.namespace === service.namespace && slice.service === service.name)
      .flatMap(({ source, namespace, name, endpointsPlace }) =>
        objectAt(`${source} ${namespace}/${name}`, objectOf(endpointsPlace), [["ports"], ["endpoints"], ["subsets"]]),
      );
    const selector = own[0] === undefined ? undefined : valueIn(own[0].value, ["spec", "selector"]);
    const ofWorkloads = workloads
      .filter(({ namespace, labels }) => namespace === service.namespace && isSelected(labels, selector))
      .flatMap(({ name, place }) => objectAt(name, place, [["spec", "replicas"]]));
    return [...own, ...ofSlices, ...ofWorkloads];
  };
}

interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: unknown;
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
    const { name, namespace = "default" } = isRecord(value.metadata) ? value.metadata : {};
    if (!workloadKinds.has(kind) || typeof name !== "string" || typeof namespace !== "string") continue;
    const labels = valueIn(value, ["spec", "template", "metadata", "labels"]);
    found.set(`${kind} ${namespace}/${name}`, { name: `${kind} ${namespace}/${name}`, namespace, labels, place });
  }
  return [...found.values()];
}

function isSelected(labels: unknown, selector: unknown): boolean {
  if (!isRecord(labels) || !isRecord(selector)) return false;
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** The object that the list of a slice's endpoints, or of a subset's addresses, is in. */
function objectOf(endpoints: Place): Place {
  let place = endpoints;
  while (place.parent !== undefined && place.key !== "endpoints" && place.key !== "subsets") place = place.parent;
  return place.parent ?? place;
}
