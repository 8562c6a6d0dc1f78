import { describeSubject } from "../../diagnostics/diagnostic.ts";
import type { Family } from "../../model/address.ts";
import { subjectOf } from "../../model/read-objects.ts";
import { simulatedParts } from "../../model/simulated.ts";
import { type Draft, type GivenObject, type GivenObjects, markFields, reportOn } from "../draft.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { isGiven, recordOf, recordsOf, textOf, type Value } from "../values.ts";
import { addressPods } from "./address-pods.ts";
import { chooseNodes } from "./choose-nodes.ts";
import { expandWorkload, type PlacedPod } from "./expand-workload.ts";
import type { PodPlan } from "./plan-pods.ts";

/** Whether a Pod of the input comes from a cluster: it then has a status. */
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

/** A bare Pod stays on its node; without one, the simulated scheduler selects a node. */
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

/** The pod while it, or its node, is down: not ready. The same object if neither is down. */
export function failPod(value: Value, { settings: { fail } }: Draft): Value {
  if (fail.length === 0) return value;
  const { name, namespace } = recordOf(value.metadata);
  const node = textOf(recordOf(value.spec).nodeName);
  const names = [`${textOf(namespace) ?? "default"}/${textOf(name) ?? ""}`, textOf(name), node];
  if (!fail.some((one) => names.includes(one))) return value;
  const status = recordOf(value.status);
  const others = recordsOf(status.conditions).filter(({ type }) => type !== "Ready");
  const failed = { ...value, status: { ...status, conditions: [...others, { type: "Ready", status: "False" }] } };
  return simulatedParts(value)?.includes("object") ? failed : markFields(failed, ["status.conditions"]);
}
