import { createSink } from "../../../diagnostics/diagnostic.ts";
import { flattenDocuments } from "../../../model/flatten-documents.ts";
import { subjectOf } from "../../../model/read-objects.ts";
import type { SideSource } from "../side-request.ts";

/** What laying objects over one side of a diff does not act out: deletions, and what workloads make of their pods. */
export function overlayLimits(base: SideSource, head: SideSource): readonly string[] {
  if (base.kind !== "state" || head.kind !== "state") return [];
  const { documents, overlaysFrom, valueCount } = head.state.inputs;
  // Laid over both sides: what BASE has and HEAD lacks counts as deleted.
  if (overlaysFrom === undefined || base.state.inputs.overlaysFrom !== undefined) return [];
  const values = documents.slice(0, valueCount).map(({ value }) => value);
  const workloads = namespacesOf(values.slice(overlaysFrom), workloadKinds);
  const pods = workloads.size === 0 ? workloads : namespacesOf(values.slice(0, overlaysFrom), podKinds);
  const isActedOut = [...workloads].every((namespace) => !pods.has(namespace));
  return [
    "what the overlay does not name stays as it is",
    ...(isActedOut ? [] : ["pods stay those of the state: replicas and templates that change are not acted out"]),
  ];
}

const workloadKinds: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job"]);
const podKinds: ReadonlySet<string> = new Set(["Pod"]);

function namespacesOf(documents: readonly unknown[], kinds: ReadonlySet<string>): ReadonlySet<string> {
  const objects = flattenDocuments(documents, createSink()).filter(({ kind }) => kinds.has(kind));
  return new Set(objects.map((object) => subjectOf(object).namespace));
}
