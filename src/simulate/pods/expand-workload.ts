import { describeSubject } from "../../diagnostics/diagnostic.ts";
import type { Place } from "../../diagnostics/place.ts";
import type { InputObject } from "../../model/flatten-documents.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { type Draft, type GivenObject, invented, reportOn } from "../draft.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { recordsOf, textOf, type Value } from "../values.ts";
import { chooseNodes } from "./choose-nodes.ts";
import type { PodPlan } from "./plan-pods.ts";
import type { Workload } from "./read-workload.ts";

/** The missing pods of a workload, each on its node. `taken` has the names of all pods, and grows. */
export function expandWorkload(
  { workload, existing, missing }: PodPlan,
  nodes: readonly SimulatedNode[],
  { draft, taken }: { readonly draft: Draft; readonly taken: Set<string> },
): readonly PlacedPod[] {
  const { given, kind, podSpec } = workload;
  const isDaemon = kind === "DaemonSet";
  const isDone = isDaemon ? existing > 0 : missing === 0;
  if (isDone) return [];
  const order = chooseNodes(nodes, { podSpec, isDaemon, name: `${kind} ${given.key}` });
  if (order.length === 0) {
    const object = describeSubject(subjectOf(given.input));
    reportOn(draft, given)("simulate-pods-pending", given.input.place, { object });
    return [];
  }
  return Array.from({ length: isDaemon ? order.length : missing }, (_, count) => {
    const index = existing + count;
    const node = order[index % order.length] as SimulatedNode;
    const name = freeName(podName(workload, index, node), given, taken);
    return podOfTemplate(labelled(workload, name, index), { name, node });
  });
}

/** Adds the labels by which the StatefulSet controller distinguishes its pods. */
function labelled(workload: Workload, name: string, index: number): Workload {
  if (workload.kind !== "StatefulSet") return workload;
  const own = {
    "statefulset.kubernetes.io/pod-name": name,
    "apps.kubernetes.io/pod-index": String(workload.firstOrdinal + index),
  };
  return { ...workload, labels: { ...workload.labels, ...own } };
}

function podName({ kind, firstOrdinal, given: { name } }: Workload, index: number, node: SimulatedNode): string {
  switch (kind) {
    case "StatefulSet":
      return `${name}-${firstOrdinal + index}`;
    case "DaemonSet":
      return `${name}-${node.name}`;
    case "Deployment":
    case "ReplicaSet":
    case "ReplicationController":
    case "Job":
      return `${name}-${index + 1}`;
  }
}

/** For a Deployment and a StatefulSet of the same name: in a cluster the Deployment's pods would have random names. */
function freeName(name: string, { namespace, input: { kind } }: GivenObject, taken: Set<string>): string {
  let free = name;
  for (let again = 1; taken.has(`${namespace}/${free}`); again++)
    free = `${name}-${kind.toLowerCase()}${again === 1 ? "" : again}`;
  taken.add(`${namespace}/${free}`);
  return free;
}

/** A pod on its node, without an address yet. */
export interface PlacedPod {
  readonly value: Value;
  readonly node: SimulatedNode;
  /** Of the object it was made for, or of itself. */
  readonly place: Place;
  /** The Pod of the input; undefined for an invented one. */
  readonly input: InputObject | undefined;
}

/** The pod that a controller makes from its template, with the fields that Services and checks read. */
export function podOfTemplate(
  { given, kind, labels, podSpec, serviceName }: Workload,
  { name, node }: { readonly name: string; readonly node: SimulatedNode },
): PlacedPod {
  const { namespace, input } = given;
  const isOrdered = kind === "StatefulSet";
  const subdomain = serviceName ?? textOf(podSpec.subdomain);
  const hostname = isOrdered ? name : textOf(podSpec.hostname);
  const containers = recordsOf(podSpec.containers).map((container) => only(container, ["name", "ports"]));
  const sidecars = recordsOf(podSpec.initContainers)
    .filter(({ restartPolicy }) => restartPolicy === "Always")
    .map((container) => only(container, ["name", "restartPolicy", "ports"]));
  const spec = {
    nodeName: node.name,
    ...(podSpec.hostNetwork === true ? { hostNetwork: true } : {}),
    ...(hostname === undefined ? {} : { hostname }),
    ...(subdomain === undefined ? {} : { subdomain }),
    ...(sidecars.length === 0 ? {} : { initContainers: sidecars }),
    containers,
  };
  const owner = { apiVersion: input.apiVersion, kind, name: given.name, controller: true };
  const metadata = { name, namespace, labels, annotations: invented, ownerReferences: [owner] };
  return { value: { apiVersion: "v1", kind: "Pod", metadata, spec }, node, place: input.place, input: undefined };
}

function only(value: Value, keys: readonly string[]): Value {
  return Object.fromEntries(keys.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]]])));
}
