import { describeSubject } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import { type NameMap, namesIn } from "../../model/fields/name-map.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { checkReplicas } from "../checks.ts";
import { type Draft, type GivenObject, type GivenObjects, reportOn } from "../draft.ts";
import { recordOf, textMapOf } from "../values.ts";
import { matchesLabels } from "./matches-selector.ts";
import { readWorkload, type Workload, workloadKinds } from "./read-workload.ts";

/** How many pods a workload is to get besides those it has. */
export interface PodPlan {
  readonly workload: Workload;
  readonly existing: number;
  readonly missing: number;
}

/**
 * The missing pods of workloads. A workload with any pods counts as complete, unless --scale is passed; then surplus
 * pods are removed, the last ones first. Problems of workloads are reported.
 */
export function planPods(given: GivenObjects, draft: Draft): readonly PodPlan[] {
  const all = workloadKinds.flatMap((kind) => given[kind].flatMap((object) => readWorkload(object, kind) ?? []));
  const names = new Set(all.map(({ kind, given: { key } }) => `${kind}/${key}`));
  const pods: NameMap<GivenObject> = new Map();
  for (const pod of given.Pod) namesIn(pods, pod.namespace).set(pod.name, pod);
  return all.flatMap((workload) => {
    const { controller, given: object, isOurs } = workload;
    if (controller !== undefined && names.has(controller.replace("/", `/${object.namespace}/`))) return [];
    if (!checkReplicas(workload, draft) || !isSelecting(workload, draft)) return [];
    const existing = [...namesIn(pods, object.namespace).values()].filter(({ labels }) => isOurs(labels));
    const scaled = scaleOf(workload, draft);
    const wanted = scaled ?? (existing.length > 0 ? existing.length : workload.replicas);
    if (scaled !== undefined && existing.length > 0) rescale(workload, { existing, wanted, given }, draft);
    return [{ workload, existing: existing.length, missing: Math.max(0, wanted - existing.length) }];
  });
}

/** The API server refuses a workload whose selector does not match its own pods. */
function isSelecting({ isOurs, labels, given }: Workload, draft: Draft): boolean {
  if (isOurs(labels)) return true;
  const object = describeSubject(subjectOf(given.input));
  const place = at(at(given.input.place, "spec"), "selector");
  reportOn(draft, given)("workload-selector-mismatch", place, { object }, { caret: "key" });
  return false;
}

function scaleOf({ kind, given: { key, name } }: Workload, { settings }: Draft): number | undefined {
  if (kind === "DaemonSet") return undefined;
  return settings.scale.find((scale) => scale.name === key || scale.name === name)?.replicas;
}

interface Rescale {
  readonly existing: readonly GivenObject[];
  readonly wanted: number;
  readonly given: GivenObjects;
}

function rescale({ labels, given: { namespace } }: Workload, { existing, wanted, given }: Rescale, draft: Draft): void {
  const order = new Intl.Collator("en", { numeric: true });
  const sorted = [...existing].sort((a, b) => order.compare(a.name, b.name));
  for (const { input } of sorted.slice(wanted)) draft.removed.add(input);
  for (const service of given.Service) {
    const selector = textMapOf(recordOf(service.input.value.spec).selector);
    if (service.namespace === namespace && matchesLabels(labels, selector)) draft.stale.add(service.key);
  }
}
