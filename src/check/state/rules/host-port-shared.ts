import { at, type Place } from "../../../diagnostics/place.ts";
import type { CheckedService, CheckedState, StateRule } from "../checked-state.ts";
import type { PodSource } from "../pod-sources.ts";

interface HostPort {
  readonly pod: PodSource;
  readonly place: Place;
}

/** Node ports and health check ports that are also host ports of containers. */
export const hostPortShared: StateRule = (state) => {
  const claimed = hostPorts(state);
  if (claimed.size === 0) return;
  for (const checked of state.services) {
    const { service, isProxied } = checked;
    if (!isProxied) continue;
    for (const { port } of checked.ports) {
      if (port.nodePort === undefined) continue;
      const claims = claimed.get(`${port.nodePort}/${port.protocol}`);
      tell(checked, at(port.place, "nodePort"), ["nodePort", port.nodePort, port.protocol], claims);
    }
    const health = service.healthCheckNodePort;
    const place = at(at(service.place, "spec"), "healthCheckNodePort");
    tell(checked, place, ["healthCheckNodePort", health ?? 0, "TCP"], claimed.get(`${health}/TCP`));
  }
};

function tell(
  { report }: CheckedService,
  place: Place,
  [field, port, protocol]: readonly [string, number, string],
  claims: readonly HostPort[] | undefined,
): void {
  const [first] = claims ?? [];
  if (first === undefined) return;
  const claim = first.pod.hostNetwork ? "a hostNetwork port" : "the hostPort";
  const related = [{ message: "used", place: first.place }];
  report("host-port-shared", place, { field, port, protocol, claim, pod: first.pod.object }, { related });
}

function hostPorts({ pods }: CheckedState): ReadonlyMap<string, readonly HostPort[]> {
  const claimed = new Map<string, HostPort[]>();
  for (const pod of pods) {
    for (const { hostPort, protocol, place } of pod.ports) {
      if (hostPort === undefined) continue;
      const key = `${hostPort}/${protocol}`;
      const claims = claimed.get(key);
      if (claims === undefined) claimed.set(key, [{ pod, place }]);
      else claims.push({ pod, place });
    }
  }
  return claimed;
}
