import { at } from "../../../../diagnostics/place.ts";
import { type CheckedPort, type CheckedService, type CheckedState, nameOf, type StateRule } from "../checked-state.ts";
import { selectedPods } from "../selected-pods.ts";
import { allEndpoints, isUsable } from "../usable.ts";

/** Services and service ports without endpoints, or without any that is ready. */
export const endpoints: StateRule = (state) => {
  // Without any slice at all nothing is known of endpoints, and reading the input has said so.
  if (state.cluster.slices.length === 0) return;
  for (const checked of state.services) {
    if (!checked.isProxied || Object.keys(checked.service.clusterIps).length === 0) continue;
    const empty = checked.ports.filter((port) => allEndpoints(port).length === 0);
    const unready = checked.ports.filter((port) => !empty.includes(port) && isUnready(port));
    if (empty.length > 0 && !isExplained(checked, state)) reportEmpty(checked, empty);
    reportUnready(checked, unready);
    if (checked.spec.publishNotReadyAddresses === true)
      checked.report("unready-published", at(at(checked.service.place, "spec"), "publishNotReadyAddresses"), {});
  }
};

function isUnready(port: CheckedPort): boolean {
  return !allEndpoints(port).some(({ entry }) => isUsable(entry));
}

/** Another finding has the reason: slices whose ports or family do not fit, a selector that matches nothing; or it is meant. */
function isExplained(checked: CheckedService, state: CheckedState): boolean {
  if (checked.slices.some((slice) => slice.endpoints.length > 0)) return true;
  const selected = selectedPods(checked, state);
  return selected?.every(({ isIdle }) => isIdle) === true;
}

function reportEmpty({ service, ports, report }: CheckedService, empty: readonly CheckedPort[]): void {
  if (empty.length === ports.length) report("service-without-endpoints", nameOf(service), { what: "the Service" });
  else for (const { port, name } of empty) report("service-without-endpoints", port.place, { what: name });
}

function reportUnready({ service, ports, report }: CheckedService, unready: readonly CheckedPort[]): void {
  const count = (list: readonly CheckedPort[]): number =>
    new Set(list.flatMap(allEndpoints).map(({ entry }) => entry.ip)).size;
  if (unready.length === 0) return;
  if (unready.length === ports.length) {
    report("endpoints-all-unready", nameOf(service), { count: count(unready), what: "the Service" });
    return;
  }
  for (const port of unready)
    report("endpoints-all-unready", port.port.place, { count: count([port]), what: port.name });
}
