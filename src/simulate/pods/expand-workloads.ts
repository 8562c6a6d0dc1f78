import { at } from "../../diagnostics/place.ts";
import { describeSubject } from "../../diagnostics/subject.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { type Draft, reportOn } from "../draft.ts";
import type { GivenObject, GivenObjects } from "../given.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { chooseNodes } from "./choose-nodes.ts";
import { type PlacedPod, podOfTemplate } from "./pod-of-template.ts";
import { readWorkload, type Workload, workloadKinds } from "./read-workload.ts";

/** The workloads of the input that are to have pods and have none yet. What is wrong with any is told. */
export function workloadsWithoutPods(given: GivenObjects, draft: Draft): readonly Workload[] {
  const all = workloadKinds.flatMap((kind) => given[kind].flatMap((object) => readWorkload(object, kind) ?? []));
  const names = new Set(all.map(({ kind, given: { key } }) => `${kind}/${key}`));
  return all.filter((workload) => {
    const { controller, given: object, labels, isOurs } = workload;
    if (controller !== undefined && names.has(controller.replace("/", `/${object.namespace}/`))) return false;
    if (!isOurs(labels)) {
      const whom = describeSubject(subjectOf(object.input));
      const place = at(at(object.input.place, "spec"), "selector");
      reportOn(draft, object)("workload-selector-mismatch", place, { object: whom }, { caret: "key" });
      return false;
    }
    return !given.Pod.some((pod) => pod.namespace === object.namespace && isOurs(pod.labels));
  });
}

/** The pods of a workload, each on its node. `taken` are the names of pods, and grows. */
export function expandWorkload(
  workload: Workload,
  nodes: readonly SimulatedNode[],
  { draft, taken }: { readonly draft: Draft; readonly taken: Set<string> },
): readonly PlacedPod[] {
  const { given, kind, podSpec } = workload;
  const isDaemon = kind === "DaemonSet";
  const order = chooseNodes(nodes, { podSpec, isDaemon, name: `${kind} ${given.key}` });
  const count = isDaemon ? order.length : scaled(given, workload.replicas, draft);
  if (order.length === 0 && (isDaemon || count > 0)) {
    const object = describeSubject(subjectOf(given.input));
    reportOn(draft, given)("simulate-pods-pending", given.input.place, { object });
    return [];
  }
  return Array.from({ length: count }, (_, index) => {
    const node = order[index % order.length] as SimulatedNode;
    const name = freeName(podName(workload, index, node), given, taken);
    return podOfTemplate(workload, { name, node });
  });
}

function scaled({ name, key }: GivenObject, replicas: number, { settings }: Draft): number {
  const wanted = settings.scale.find((scale) => scale.name === key || scale.name === name);
  return wanted?.replicas ?? replicas;
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

/** A Deployment and a StatefulSet of one name: an API server would have given random names. */
function freeName(name: string, { namespace, input: { kind } }: GivenObject, taken: Set<string>): string {
  const free = taken.has(`${namespace}/${name}`) ? `${name}-${kind.toLowerCase()}` : name;
  taken.add(`${namespace}/${free}`);
  return free;
}
