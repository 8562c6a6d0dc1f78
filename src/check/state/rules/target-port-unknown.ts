import { at } from "../../../diagnostics/place.ts";
import { didYouMean } from "../../../model/fields/name-map.ts";
import {
  allEndpoints,
  type CheckedPort,
  type CheckedService,
  type StateRule,
  selectedPods,
  targetPortOf,
} from "../checked-state.ts";
import type { PodSource } from "../pod-sources.ts";

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
