import { describeSubject } from "../../diagnostics/subject.ts";
import type { Family } from "../../model/address.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { type Draft, reportOn } from "../draft.ts";
import type { GivenObject, GivenObjects } from "../given.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { isGiven, recordOf, textOf, type Value } from "../values.ts";
import { addressPods } from "./address-pods.ts";
import { chooseNodes } from "./choose-nodes.ts";
import { expandWorkload } from "./expand-workload.ts";
import { failPod } from "./fail-pod.ts";
import type { PodPlan } from "./plan-pods.ts";
import type { PlacedPod } from "./pod-of-template.ts";

/** Whether a Pod of the input has been in a cluster: it has a status then. */
export function hasRun({ input }: GivenObject): boolean {
  const { phase, podIP, conditions } = recordOf(input.value.status);
  return isGiven(phase) || isGiven(podIP) || isGiven(conditions);
}

export interface PodSource {
  readonly given: GivenObjects;
  readonly plans: readonly PodPlan[];
  readonly nodes: readonly SimulatedNode[];
  readonly families: readonly Family[];
}

/** All pods of the state as they are once it runs: those of the input, and those that workloads make. */
export function simulatePods({ given, plans, nodes, families }: PodSource, draft: Draft): readonly Value[] {
  const taken = new Set(given.Pod.map(({ key }) => key));
  const placed = [
    ...given.Pod.filter((pod) => !hasRun(pod) && !draft.removed.has(pod.input)).flatMap((pod) =>
      placePod(pod, nodes, draft),
    ),
    ...plans.flatMap((plan) => expandWorkload(plan, nodes, { draft, taken })),
  ];
  const running = addressPods(placed, { given: given.Pod, families, draft });
  for (const { input, value, place } of running) {
    if (input === undefined) draft.invented.push({ value: failPod(value, draft), place });
    else draft.changed.set(input, failPod(value, draft));
  }
  const ran = given.Pod.filter((pod) => hasRun(pod) && !draft.removed.has(pod.input)).map(({ input }) => {
    const value = failPod(input.value, draft);
    if (value !== input.value) draft.changed.set(input, value);
    return value;
  });
  return [...ran, ...running.map(({ value }) => failPod(value, draft))];
}

/** A bare Pod stays where it says; elsewhere the scheduler finds it a node. */
function placePod(pod: GivenObject, nodes: readonly SimulatedNode[], draft: Draft): readonly PlacedPod[] {
  const { input, key } = pod;
  const spec = recordOf(input.value.spec);
  const wanted = textOf(spec.nodeName);
  const order = chooseNodes(nodes, { podSpec: spec, isDaemon: false, name: `Pod ${key}` });
  const node = wanted === undefined ? order[0] : nodes.find(({ name }) => name === wanted);
  if (node !== undefined) return [{ value: input.value, node, place: input.place, input }];
  reportOn(draft, pod)("simulate-pods-pending", input.place, { object: describeSubject(subjectOf(input)) });
  return [];
}
