import { isRecord } from "../../model/fields/fields.ts";
import type { GivenObject, Kind } from "../draft.ts";
import { countOf, recordOf, recordsOf, type Texts, textMapOf, textOf, type Value } from "../values.ts";
import { matchesLabels, matchesSelector } from "./matches-selector.ts";

export const workloadKinds = [
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
] as const satisfies readonly Kind[];
export type WorkloadKind = (typeof workloadKinds)[number];

/** What makes pods of a template. */
export interface Workload {
  readonly given: GivenObject;
  readonly kind: WorkloadKind;
  /** Of a DaemonSet there is one on each node, whatever this says. */
  readonly replicas: number;
  /** The number of the first pod of a StatefulSet. */
  readonly firstOrdinal: number;
  readonly labels: Texts;
  readonly podSpec: Value;
  /** The StatefulSet's governing Service, the subdomain of its pods. */
  readonly serviceName: string | undefined;
  readonly isOurs: (labels: Texts) => boolean;
  /** `Deployment/web` of the object that controls this one. */
  readonly controller: string | undefined;
}

/** Reads a workload; undefined where it has no template. */
export function readWorkload(given: GivenObject, kind: WorkloadKind): Workload | undefined {
  const { value } = given.input;
  const spec = recordOf(value.spec);
  const { template, selector } = spec;
  if (!isRecord(template)) return undefined;
  const own = textMapOf(recordOf(template.metadata).labels);
  const labels = kind === "Job" ? { "batch.kubernetes.io/job-name": given.name, "job-name": given.name, ...own } : own;
  const owner = recordsOf(recordOf(value.metadata).ownerReferences).find(({ controller }) => controller === true);
  return {
    given,
    kind,
    replicas: replicasOf(spec, kind),
    firstOrdinal: countOf(recordOf(spec.ordinals).start) ?? 0,
    labels,
    podSpec: recordOf(template.spec),
    serviceName: kind === "StatefulSet" ? textOf(spec.serviceName) : undefined,
    isOurs: selection(kind, selector, labels),
    controller: owner === undefined ? undefined : `${String(owner.kind)}/${String(owner.name)}`,
  };
}

function replicasOf(spec: Value, kind: WorkloadKind): number {
  if (kind !== "Job") return countOf(spec.replicas) ?? 1;
  const parallelism = countOf(spec.parallelism) ?? 1;
  return Math.min(parallelism, countOf(spec.completions) ?? parallelism);
}

/** A selector that is left out: a Job's is made up, a ReplicationController's is its labels, others need theirs. */
function selection(kind: WorkloadKind, selector: unknown, labels: Texts): Workload["isOurs"] {
  switch (kind) {
    case "Job": {
      const name = labels["job-name"] ?? "";
      return (pod) => (isRecord(selector) ? matchesSelector(pod, selector) : pod["job-name"] === name);
    }
    case "ReplicationController": {
      const wanted = isRecord(selector) ? textMapOf(selector) : labels;
      return (pod) => Object.keys(wanted).length > 0 && matchesLabels(pod, wanted);
    }
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "ReplicaSet":
      return (pod) => isRecord(selector) && Object.keys(selector).length > 0 && matchesSelector(pod, selector);
  }
}
