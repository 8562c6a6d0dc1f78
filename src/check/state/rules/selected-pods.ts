import { at } from "../../../diagnostics/place.ts";
import { didYouMean } from "../../../model/fields/name-map.ts";
import { matchesLabels } from "../../../simulate/pods/matches-selector.ts";
import {
  allEndpoints,
  type CheckedPort,
  type CheckedService,
  type CheckedState,
  type StateRule,
  selectedPods,
  selectorOf,
  targetPortOf,
} from "../checked-state.ts";
import type { PodSource } from "../pod-sources.ts";

/** Selectors that none of the Pods and templates of the input matches. */
export const selectorMatchesNothing: StateRule = (state) => {
  for (const checked of state.services) {
    const selected = selectedPods(checked, state);
    const selector = selectorOf(checked);
    if (selected === undefined || selector === undefined || selected.length > 0) continue;
    // The Service has endpoints, so the input does not contain all of its pods.
    if (checked.slices.some(({ endpoints }) => endpoints.length > 0)) continue;
    const { namespace, place } = checked.service;
    const spelled = Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const hint = nearest(checked, selector, state);
    checked.report(
      "selector-matches-nothing",
      at(at(place, "spec"), "selector"),
      { namespace, selector: spelled },
      { hint },
    );
  }
};

/** A source that would match except for one label, or for the namespace. */
function nearest(
  { service }: CheckedService,
  selector: Readonly<Record<string, string>>,
  { pods }: CheckedState,
): string | undefined {
  const elsewhere = pods.find((pod) => matchesLabels(pod.labels, selector));
  if (elsewhere !== undefined) return `${elsewhere.object} in another namespace has these labels`;
  const keys = Object.keys(selector);
  for (const pod of pods) {
    const wrong = keys.filter((key) => pod.labels[key] !== selector[key]);
    const [key] = wrong;
    if (pod.namespace !== service.namespace || wrong.length !== 1 || key === undefined) continue;
    const label = pod.labels[key];
    if (label !== undefined) return `${pod.object} has ${key}=${label}`;
    if (keys.length > 1) return `${pod.object} has all of them except ${key}`;
  }
  return undefined;
}

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

/**
 * Target ports that no container of the selected pods has: by name, so that no pod is an endpoint (FindPort of
 * k8s.io/kubernetes/pkg/api/v1/pod), or by number, which is legal and often a mistake.
 */
export const targetPortUnknown: StateRule = (state) => {
  for (const checked of state.services) {
    const selected = selectedPods(checked, state) ?? [];
    if (selected.length === 0) continue;
    for (const port of checked.ports) {
      const target = targetPortOf(checked, port.port);
      if (typeof target === "string") checkName(checked, port, { name: target, selected });
      else checkNumber(checked, port, { number: target, selected });
    }
  }
};

interface NamedTarget {
  readonly name: string;
  readonly selected: readonly PodSource[];
}

function checkName(checked: CheckedService, checkedPort: CheckedPort, { name, selected }: NamedTarget): void {
  const { port } = checkedPort;
  if (allEndpoints(checkedPort).length > 0) return;
  const containerPorts = selected.flatMap(({ ports }) => ports);
  const named = containerPorts.filter((candidate) => candidate.name === name);
  if (named.some(({ protocol }) => protocol === port.protocol)) return;
  const names = containerPorts
    .filter(({ protocol }) => protocol === port.protocol)
    .map((candidate) => candidate.name ?? "");
  const near = didYouMean(name, names);
  const known = [...new Set(names.filter((candidate) => candidate !== ""))].slice(0, 5).join(", ");
  const hint =
    named[0] !== undefined
      ? `the port of that name is a ${named[0].protocol} port`
      : near !== undefined
        ? `did you mean ${near}?`
        : known === ""
          ? `${selected[0]?.object} has no named ports`
          : `existing ports: ${known}`;
  checked.report("target-port-unknown", at(port.place, "targetPort"), { protocol: port.protocol, name }, { hint });
}

interface NumberedTarget {
  readonly number: number;
  readonly selected: readonly PodSource[];
}

/** Containers need not declare ports. Where none does, nothing is known; a port that a probe connects to is open. */
function checkNumber(checked: CheckedService, { port }: CheckedPort, { number, selected }: NumberedTarget): void {
  const { protocol } = port;
  const declared = selected.flatMap(({ ports }) => ports).filter((one) => one.protocol === protocol);
  const numbers = [...new Set(declared.flatMap(({ containerPort }) => containerPort ?? []))];
  const isProbed = protocol === "TCP" && selected.some(({ probedPorts }) => probedPorts.includes(number));
  if (numbers.length === 0 || numbers.includes(number) || isProbed) return;
  const [only, second] = numbers;
  const hint = second === undefined ? `did you mean ${only}?` : `declared ports: ${numbers.slice(0, 5).join(", ")}`;
  checked.report("target-port-undeclared", at(port.place, "targetPort"), { protocol, number }, { hint });
}
