import { at } from "../../../diagnostics/place.ts";
import type { EndpointSlice } from "../../../model/objects/endpoint-slice.ts";
import type { Service } from "../../../model/objects/service.ts";
import {
  allEndpoints,
  type CheckedPort,
  type CheckedService,
  type CheckedState,
  isUsable,
  nameOf,
  type StateRule,
  selectedPods,
} from "../checked-state.ts";

/** Services and service ports without endpoints, or without any that is ready. */
export const endpoints: StateRule = (state) => {
  // Without any slice nothing is known of endpoints, and reading the input has reported that.
  if (state.cluster.slices.length === 0) return;
  for (const checked of state.services) {
    if (!checked.isProxied || Object.keys(checked.service.clusterIps).length === 0) continue;
    const empty = checked.ports.filter((port) => allEndpoints(port).length === 0);
    const unready = checked.ports.filter((port) => !empty.includes(port) && isUnready(port));
    if (empty.length > 0 && !isExplained(checked, state)) reportEmpty(checked, empty);
    reportUnready(checked, unready);
    if (checked.spec.publishNotReadyAddresses === true)
      checked.report(
        "not-ready-addresses-published",
        at(at(checked.service.place, "spec"), "publishNotReadyAddresses"),
        {},
      );
  }
};

function isUnready(port: CheckedPort): boolean {
  return !allEndpoints(port).some(({ entry }) => isUsable(entry));
}

/** Another finding has the reason (a slice that does not fit, a selector that matches nothing), or it is intended. */
function isExplained(checked: CheckedService, state: CheckedState): boolean {
  if (checked.slices.some((slice) => slice.endpoints.length > 0 && isUnfit(slice, checked.service))) return true;
  const isServed = checked.slices.some((slice) => slice.endpoints.length > 0);
  return !isServed && selectedPods(checked, state)?.every(({ isIdle }) => isIdle) === true;
}

/** kube-proxy ignores the slice, or a port of it; reading it has reported that. */
function isUnfit({ headless, family, ports }: EndpointSlice, service: Service): boolean {
  if (headless || family === undefined || service.clusterIps[family] === undefined) return true;
  return ports.some(({ name, protocol, port }) => {
    const isServed = service.ports.some((candidate) => candidate.name === name && candidate.protocol === protocol);
    return port === undefined || !isServed;
  });
}

function reportEmpty({ service, ports, report }: CheckedService, empty: readonly CheckedPort[]): void {
  if (empty.length === ports.length) report("service-without-endpoints", nameOf(service), { what: "the Service" });
  else for (const { port, name } of empty) report("service-without-endpoints", port.place, { what: name });
}

function reportUnready({ service, ports, report }: CheckedService, unready: readonly CheckedPort[]): void {
  if (unready.length > 0 && unready.length === ports.length) {
    report("endpoints-all-unready", nameOf(service), { endpoints: count(unready), what: "the Service" });
    return;
  }
  for (const port of unready) {
    report("endpoints-all-unready", port.port.place, { endpoints: count([port]), what: port.name });
  }
}

function count(ports: readonly CheckedPort[]): string {
  const { size } = new Set(ports.flatMap(allEndpoints).map(({ entry }) => entry.ip));
  return size === 1 ? "1 endpoint" : `${size} endpoints`;
}
