import type { Sink } from "../diagnostics/diagnostic.ts";
import { at } from "../diagnostics/place.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { enterName, lookUp, type NameMap } from "./name-map.ts";
import type { Read } from "./read-objects.ts";
import { isProxied, type Service } from "./service.ts";

/** Warns about slices, and ports of slices, that kube-proxy passes over. */
export function checkSlices(
  services: readonly Read<Service>[],
  slices: readonly Read<EndpointSlice>[],
  sink: Sink,
): void {
  const byName: NameMap<Service> = new Map();
  for (const { object } of services) enterName(byName, object.namespace, object.name, object);
  for (const slice of slices) {
    const { namespace, service: name, place } = slice.object;
    if (name === undefined) continue;
    const service = lookUp(byName, namespace, name);
    if (service === undefined) {
      sink.reporter(slice.subject)("slice-of-unknown-service", place, { service: `${namespace}/${name}` });
    } else if (isProxied(service)) checkSlice(slice, service, sink);
  }
}

const familyNames = { ipv4: "IPv4", ipv6: "IPv6" } as const;

function checkSlice({ object: slice, subject }: Read<EndpointSlice>, service: Service, sink: Sink): void {
  const report = sink.reporter(subject);
  const name = (): string => `${service.namespace}/${service.name}`;
  if (slice.headless) {
    report("slice-headless-ignored", at(slice.place, "metadata"), { service: name() });
    return;
  }
  const { family } = slice;
  if (family === undefined || slice.endpoints.length === 0) return;
  if (service.clusterIps[family] === undefined && Object.keys(service.clusterIps).length > 0) {
    report("slice-family-unused", at(slice.place, "addressType"), { family: familyNames[family] });
    return;
  }
  for (const port of slice.ports) {
    const matched = service.ports.some(({ name, protocol }) => name === port.name && protocol === port.protocol);
    if (matched || port.port === undefined) continue;
    report("slice-port-unmatched", port.place, { service: name(), port: `${port.name || "(unnamed)"}/${port.protocol}` });
  }
}
