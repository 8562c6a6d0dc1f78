import { at } from "../../diagnostics/place.ts";
import type { Family } from "../address.ts";
import {
  type Fields,
  integerField,
  listField,
  placeOf,
  recordItem,
  recordsField,
  textField,
} from "../fields/fields.ts";
import { checkQualifiedName, isDnsLabel, isDnsSubdomain, parseObjectName, protocols } from "../fields/names.ts";
import { oneOf } from "../fields/parse-addresses.ts";
import { type EndpointSlice, readPlainEndpoint, type SliceEndpoint, type SlicePort } from "./endpoint-slice.ts";
import { checkFqdnEndpoint, parseSliceEndpoint } from "./parse-slice-endpoint.ts";

const sliceFields = new Set(["apiVersion", "kind", "metadata", "addressType", "endpoints", "ports"]);
const addressTypes = ["IPv4", "IPv6", "FQDN"] as const;
const mostEndpoints = 1000;
const mostPorts = 20_000;

export const serviceNameLabel = "kubernetes.io/service-name";
const headlessLabel = "service.kubernetes.io/headless";

/** Reads a discovery.k8s.io/v1 EndpointSlice (ValidateEndpointSliceCreate of Kubernetes 1.36). */
export function parseEndpointSlice(fields: Fields): EndpointSlice | undefined {
  const shape = "lower case letters, digits, '-' and '.' only (RFC 1123 subdomain)";
  const name = parseObjectName(fields, { namespaced: true, isName: isDnsSubdomain, shape }, sliceFields);
  if (name === undefined) return undefined;
  const typeText = textField(fields, "addressType") || undefined;
  const type = oneOf(fields, "addressType", typeText, addressTypes);
  if (typeText === undefined) fields.report("slice-address-type-missing", placeOf(fields, "addressType"), {});
  if (type === "FQDN") {
    fields.report("slice-fqdn-ignored", placeOf(fields, "addressType"), {});
    for (const record of recordsField(fields, "endpoints")) checkFqdnEndpoint(record);
  }
  const service = name.labels[serviceNameLabel] || undefined;
  if (service === undefined) fields.report("slice-without-service", at(fields.place, "metadata"), {});
  const family = type === "IPv4" ? "ipv4" : type === "IPv6" ? "ipv6" : undefined;
  return {
    namespace: name.namespace,
    name: name.name,
    labels: name.labels,
    annotations: name.annotations,
    place: name.place,
    source: "EndpointSlice",
    service,
    family,
    headless: Object.hasOwn(name.labels, headlessLabel),
    ports: parseSlicePorts(fields),
    endpoints: family === undefined ? [] : parseSliceEndpoints(fields, family),
    endpointsPlace: placeOf(fields, "endpoints"),
  };
}

function parseSliceEndpoints(fields: Fields, family: Family): readonly SliceEndpoint[] {
  const list = listField(fields, "endpoints");
  const place = placeOf(fields, "endpoints");
  const endpoints: SliceEndpoint[] = [];
  for (let index = 0; index < list.length; index++) {
    const endpoint =
      readPlainEndpoint(list[index], index, family) ??
      parseAnyEndpoint(recordItem(fields, place, list, index), index, family);
    if (endpoint !== undefined) endpoints.push(endpoint);
  }
  checkSize(fields, "endpoints", list.length, mostEndpoints);
  return endpoints;
}

function parseAnyEndpoint(record: Fields | undefined, index: number, family: Family): SliceEndpoint | undefined {
  return record === undefined ? undefined : parseSliceEndpoint(record, index, family);
}

function parseSlicePorts(fields: Fields): readonly SlicePort[] {
  const records = recordsField(fields, "ports");
  checkSize(fields, "ports", records.length, mostPorts);
  const seen = records.length > 1 ? new Set<string>() : undefined;
  return records.map((record) => {
    const port = parseSlicePort(record, "EndpointSlice");
    if (seen?.has(port.name)) record.report("slice-port-duplicate", record.place, { name: port.name || "nothing" });
    seen?.add(port.name);
    return port;
  });
}

/** One port of a slice, or of an Endpoints subset, where it must have a number and may have an empty protocol. */
export function parseSlicePort(record: Fields, source: EndpointSlice["source"]): SlicePort {
  const name = textField(record, "name") ?? "";
  if (name !== "" && !isDnsLabel(name)) record.report("service-port-name-invalid", placeOf(record, "name"), { name });
  const given = textField(record, "protocol");
  const isDefault = given === "" && source === "Endpoints";
  const protocol = oneOf(record, "protocol", isDefault ? undefined : given, protocols) ?? "TCP";
  checkQualifiedName(record, "appProtocol", textField(record, "appProtocol"));
  const number = integerField(record, "port") ?? 0;
  if (number === 0 && source === "EndpointSlice") record.report("slice-port-without-number", record.place, {});
  else if (number < 1 || number > 65_535)
    record.report("port-out-of-range", placeOf(record, "port"), { field: "port", got: number });
  return { name, protocol, port: number === 0 ? undefined : number, place: record.place };
}

function checkSize(fields: Fields, what: string, got: number, limit: number): void {
  if (got > limit) fields.report("slice-too-large", placeOf(fields, what), { got, what, limit });
}
