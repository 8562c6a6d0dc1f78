import { at } from "../../../diagnostics/place.ts";
import { isRecord } from "../../../model/fields/fields.ts";
import { didYouMean } from "../../../model/fields/name-map.ts";
import { allEndpoints, type CheckedPort, type CheckedService, type StateRule, selectedPods } from "../checked-state.ts";
import type { PodSource } from "../pod-sources.ts";

/** Named target ports that no container of the selected pods has (FindPort of k8s.io/kubernetes/pkg/api/v1/pod). */
export const targetPortUnknown: StateRule = (state) => {
  for (const checked of state.services) {
    const selected = selectedPods(checked, state) ?? [];
    if (selected.length === 0) continue;
    for (const port of checked.ports) checkPort(checked, port, selected);
  }
};

function checkPort(checked: CheckedService, checkedPort: CheckedPort, selected: readonly PodSource[]): void {
  const { port } = checkedPort;
  const given: unknown = Array.isArray(checked.spec.ports) ? checked.spec.ports[Number(port.place.key)] : undefined;
  const name = isRecord(given) ? given.targetPort : undefined;
  if (typeof name !== "string" || /^\d+$/.test(name) || allEndpoints(checkedPort).length > 0) return;
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
