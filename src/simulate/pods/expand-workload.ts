import { describeSubject } from "../../diagnostics/subject.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { type Draft, reportOn } from "../draft.ts";
import type { GivenObject } from "../given.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { chooseNodes } from "./choose-nodes.ts";
import type { PodPlan } from "./plan-pods.ts";
import { type PlacedPod, podOfTemplate } from "./pod-of-template.ts";
import type { Workload } from "./read-workload.ts";

/** The pods that a workload lacks, each on its node. `taken` are the names of pods, and grows. */
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

/** What the StatefulSet controller tells the pods apart by. */
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

/** A Deployment and a StatefulSet of one name: a cluster would have given the pods of the one random names. */
function freeName(name: string, { namespace, input: { kind } }: GivenObject, taken: Set<string>): string {
  let free = name;
  for (let again = 1; taken.has(`${namespace}/${free}`); again++)
    free = `${name}-${kind.toLowerCase()}${again === 1 ? "" : again}`;
  taken.add(`${namespace}/${free}`);
  return free;
}
