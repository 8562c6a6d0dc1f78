import { at } from "../../../diagnostics/place.ts";
import {
  type CheckedService,
  type CheckedState,
  type StateRule,
  selectedPods,
  targetPortOf,
} from "../checked-state.ts";
import type { PodSource } from "../pod-sources.ts";

/** Selectors that match the pods of several workloads: versions of one program, or programs that differ. */
export const severalWorkloads: StateRule = (state) => {
  // Headless Services are for pods that find each other, often of several workloads.
  for (const checked of state.services) if (checked.isProxied) checkService(checked, state);
};

/** A workload with its templates and pods in the input. */
interface Workload {
  readonly name: string;
  readonly pods: readonly PodSource[];
}

function checkService(checked: CheckedService, state: CheckedState): void {
  const workloads = workloadsOf(selectedPods(checked, state) ?? []);
  const targets = checked.service.ports.map((port) => targetPortOf(checked, port));
  const serving = workloads.filter((one) => targets.some((target) => mayServe(one, target)));
  const [first, ...others] = serving;
  if (first === undefined || others.length === 0) return;
  const place = at(at(checked.service.place, "spec"), "selector");
  const workloadNames = serving.map(({ name }) => name).join(" and ");
  const numbers = targets.filter((target) => typeof target === "number");
  const port = numbers.find((number) => serving.some((one) => declares(one, number)));
  const lacking = port === undefined ? undefined : serving.find((one) => !declares(one, port));
  if (lacking !== undefined && port !== undefined) {
    checked.report("selector-matches-others", place, { workloads: workloadNames, lacking: lacking.name, port });
  } else if (others.some((other) => !isAlike(first, other))) {
    checked.report("selector-matches-programs", place, { workloads: workloadNames });
  } else checked.report("selector-matches-variants", place, { workloads: workloadNames });
}

/** Pods without a controller, and those of the node itself, count as one workload. */
function workloadsOf(selected: readonly PodSource[]): readonly Workload[] {
  const found = new Map<string, PodSource[]>();
  for (const pod of selected) {
    if (pod.isIdle) continue;
    const key = pod.workload ?? "";
    const known = found.get(key);
    if (known === undefined) found.set(key, [pod]);
    else known.push(pod);
  }
  return [...found].map(([name, pods]) => ({ name: name === "" ? (pods[0]?.object ?? "") : name, pods }));
}

/** The pods become endpoints: of a named port only those that have it. */
function mayServe({ pods }: Workload, target: string | number): boolean {
  return typeof target === "number" || pods.some(({ ports }) => ports.some(({ name }) => name === target));
}

function declares({ pods }: Workload, port: number): boolean {
  return pods.some(
    ({ ports, probedPorts }) => probedPorts.includes(port) || ports.some(({ containerPort }) => containerPort === port),
  );
}

/** A container of the same name: a canary, a second release, a primary and its replicas. */
function isAlike(one: Workload, other: Workload): boolean {
  const names = new Set(one.pods.flatMap(({ containers }) => containers));
  return other.pods.some(({ containers }) => containers.some((name) => names.has(name)));
}
