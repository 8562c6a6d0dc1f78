import { at, type Place } from "../../diagnostics/place.ts";
import { type Family, familyNames, type IpAddress, parseIp, specialRange } from "../address.ts";
import {
  booleanField,
  checkKnownFields,
  type Fields,
  integerField,
  listField,
  placeOf,
  recordField,
  recordItem,
  recordsField,
  textField,
  textsField,
  typeAndValue,
} from "../fields/fields.ts";
import {
  checkQualifiedName,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  parseLabels,
  parseObjectName,
  protocols,
} from "../fields/names.ts";
import { oneOf, parseReachableIp } from "../fields/parse-addresses.ts";
import { type EndpointSlice, readPlainEndpoint, type SliceEndpoint, type SlicePort } from "./endpoint-slice.ts";

const sliceFields = new Set(["apiVersion", "kind", "metadata", "addressType", "endpoints", "ports"]);
const addressTypes = ["IPv4", "IPv6", "FQDN"] as const;
const mostEndpoints = 1000;
const mostPorts = 20_000;

const serviceNameLabel = "kubernetes.io/service-name";
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

const targetFields = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

/** The fields of an endpoint that make no rules, but that the API server checks. */
function checkUnreadFields(record: Fields): void {
  const { hostname, zone, targetRef, deprecatedTopology } = record.value;
  if (hostname !== undefined) checkHostname(record, textField(record, "hostname"));
  if (zone !== undefined) textField(record, "zone");
  if (targetRef !== undefined) checkTarget(record);
  if (deprecatedTopology !== undefined) parseLabels(record, "deprecatedTopology");
}

/** `targetRef`: nothing of it is read. */
export function checkTarget(record: Fields): void {
  const target = recordField(record, "targetRef");
  if (target !== undefined) for (const field of targetFields) textField(target, field);
}

export function checkHostname(record: Fields, name: string | undefined): void {
  if (name === undefined || isDnsLabel(name)) return;
  record.report("endpoint-name-invalid", placeOf(record, "hostname"), { name, what: "host name" });
}

/** An endpoint of a slice with addressType FQDN, which makes no rules. */
function checkFqdnEndpoint(record: Fields): void {
  const names = textsField(record, "addresses");
  const { addresses } = record.value;
  if (addresses === undefined || addresses === null || (Array.isArray(addresses) && addresses.length === 0)) {
    record.report("endpoint-without-address", placeOf(record, "addresses"), {});
  }
  for (const { value, place } of names) {
    const name = value.replace(/\.$/, "");
    if (isDnsSubdomain(name) && name.includes(".")) continue;
    record.report("name-invalid", place, { name: value, shape: "expected a DNS name of at least two labels" });
  }
  checkUnreadFields(record);
  const nodeName = textField(record, "nodeName");
  if (nodeName !== undefined && !isDnsSubdomain(nodeName)) {
    record.report("endpoint-name-invalid", at(record.place, "nodeName"), { name: nodeName, what: "node name" });
  }
}

const endpointFields = new Set(
  "addresses conditions hostname targetRef deprecatedTopology nodeName zone hints".split(" "),
);
const mostAddresses = 100;
const mostHints = 8;
const noHints: readonly string[] = [];

/** Reads one endpoint of a slice of this family; undefined, with an error reported, when it has no usable address. */
export function parseSliceEndpoint(record: Fields, index: number, family: Family): SliceEndpoint | undefined {
  checkKnownFields(record, endpointFields);
  const ip = parseAddresses(record, family);
  const conditions = recordField(record, "conditions");
  const hints = recordField(record, "hints");
  const nodeName = textField(record, "nodeName");
  if (nodeName !== undefined && !isDnsSubdomain(nodeName)) {
    record.report("endpoint-name-invalid", placeOf(record, "nodeName"), { name: nodeName, what: "node name" });
  }
  checkUnreadFields(record);
  if (ip === undefined) return undefined;
  return {
    ip,
    ready: conditions === undefined ? true : (booleanField(conditions, "ready") ?? true),
    serving: conditions === undefined ? true : (booleanField(conditions, "serving") ?? true),
    terminating: conditions === undefined ? false : (booleanField(conditions, "terminating") ?? false),
    nodeName,
    zoneHints: hints === undefined ? noHints : parseHints(hints, "forZones", isLabelValue),
    nodeHints: hints === undefined ? noHints : parseHints(hints, "forNodes", isDnsSubdomain),
    index,
  };
}

/** The first address, which is the only one that counts; all are checked. */
function parseAddresses(record: Fields, family: Family): string | undefined {
  const given = record.value.addresses;
  if (!Array.isArray(given) || given.length === 0) {
    if (given === undefined || given === null || Array.isArray(given)) {
      record.report("endpoint-without-address", placeOf(record, "addresses"), {});
    } else textsField(record, "addresses");
    return undefined;
  }
  const first = parseEndpointAddress(record, given, 0, family);
  if (given.length === 1) return first?.text;
  const place = placeOf(record, "addresses");
  if (given.length > mostAddresses) {
    const got = given.length;
    record.report("slice-too-large", place, { got, what: "addresses in an endpoint", limit: mostAddresses });
  }
  record.report("endpoint-extra-addresses", place, { count: given.length });
  for (let i = 1; i < given.length; i++) parseEndpointAddress(record, given, i, family);
  return first?.text;
}

/** Nearly all are plain, so a place is made only where something has to be said. */
function parseEndpointAddress(
  record: Fields,
  given: readonly unknown[],
  index: number,
  family: Family,
): IpAddress | undefined {
  const text = given[index];
  const ip = typeof text === "string" ? parseIp(text) : undefined;
  const isPlain = ip !== undefined && ip.text === text && ip.family === family && specialRange(ip) === undefined;
  return isPlain ? ip : parseUnusualAddress(record, text, at(placeOf(record, "addresses"), index), family);
}

function parseUnusualAddress(record: Fields, text: unknown, place: Place, family: Family): IpAddress | undefined {
  if (typeof text !== "string") {
    record.report("field-wrong-type", place, { field: "an address", wanted: "a string", got: typeAndValue(text) });
    return undefined;
  }
  const ip = parseReachableIp(record, text, place);
  if (ip === undefined || ip.family === family) return ip;
  record.report("ip-wrong-family", place, { value: text, got: familyNames[ip.family], wanted: familyNames[family] });
  return undefined;
}

function parseHints(hints: Fields, key: "forZones" | "forNodes", isName: (text: string) => boolean): readonly string[] {
  const what = key === "forZones" ? "zone" : "node name";
  const names: string[] = [];
  for (const hint of recordsField(hints, key)) {
    const name = textField(hint, "name") ?? "";
    const place = placeOf(hint, "name");
    if (!isName(name)) hint.report("endpoint-name-invalid", place, { name, what });
    if (names.includes(name)) hint.report("endpoint-hint-duplicate", place, { what, name });
    names.push(name);
  }
  if (names.length > mostHints) {
    const got = names.length;
    hints.report("slice-too-large", placeOf(hints, key), { got, what: `${what}s in a hint`, limit: mostHints });
  }
  return names;
}
