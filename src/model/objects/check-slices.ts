import type { Sink, Subject } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import { familyNames } from "../address.ts";
import { enterName, lookUp, type NameMap } from "../fields/name-map.ts";
import type { Read } from "../read-objects.ts";
import type { EndpointSlice, SlicePort } from "./endpoint-slice.ts";
import { isProxied, type Service } from "./service.ts";

/** Warns about slices, and ports of slices, that kube-proxy ignores. */
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

function checkSlice({ object: slice, subject }: Read<EndpointSlice>, service: Service, sink: Sink): void {
  const { family, place } = slice;
  if (slice.headless) {
    const parameters = { service: `${service.namespace}/${service.name}` };
    sink.reporter(subject)("slice-headless-ignored", at(place, "metadata"), parameters);
  } else if (family !== undefined && slice.endpoints.length > 0) {
    if (service.clusterIps[family] !== undefined) checkPorts(slice, subject, service, sink);
    else if (Object.keys(service.clusterIps).length > 0) {
      sink.reporter(subject)("slice-family-unused", at(place, "addressType"), { family: familyNames[family] });
    }
  }
}

function checkPorts(slice: EndpointSlice, subject: Subject, service: Service, sink: Sink): void {
  for (const port of slice.ports) {
    if (port.port === undefined || hasPort(service, port)) continue;
    const name = `${service.namespace}/${service.name}`;
    const parameters = { service: name, port: `${port.name || "(unnamed)"}/${port.protocol}` };
    sink.reporter(subject)("slice-port-unmatched", port.place, parameters);
  }
}

function hasPort(service: Service, wanted: SlicePort): boolean {
  for (const { name, protocol } of service.ports) {
    if (name === wanted.name && protocol === wanted.protocol) return true;
  }
  return false;
}
