import { at } from "../../diagnostics/place.ts";
import { families } from "../address.ts";
import { type Fields, placeOf, recordsField, textField } from "../fields/fields.ts";
import { isDnsSubdomain, type ObjectName, parseObjectName } from "../fields/names.ts";
import { parseReachableIp } from "../fields/parse-addresses.ts";
import type { EndpointSlice, SliceEndpoint, SlicePort } from "./endpoint-slice.ts";
import { checkHostname, checkTarget, parseSlicePort } from "./parse-endpoint-slice.ts";

const skipLabel = "endpointslice.kubernetes.io/skip-mirror";
const leaderAnnotation = "control-plane.alpha.kubernetes.io/leader";
/** The controller's --mirroring-max-endpoints-per-subset. */
const mostAddresses = 1000;

const endpointsFields = new Set(["apiVersion", "kind", "metadata", "subsets"]);

/** Reads v1 Endpoints into the slices that the EndpointSliceMirroring controller would make of them. */
export function parseEndpoints(fields: Fields): readonly EndpointSlice[] {
  const shape = "lower case letters, digits, '-' and '.' only (RFC 1123 subdomain)";
  const name = parseObjectName(fields, { namespaced: true, isName: isDnsSubdomain, shape }, endpointsFields);
  if (name === undefined) return [];
  const slices = recordsField(fields, "subsets").flatMap((subset) => parseSubset(subset, name));
  const mark = skippedBy(name);
  if (mark === undefined) return slices;
  fields.report("endpoints-not-mirrored", at(fields.place, "metadata"), { mark });
  return [];
}

/** What keeps the controller from making slices of Endpoints (skipMirror and hasLeaderElection of its utils.go). */
function skippedBy({ labels, annotations }: ObjectName): string | undefined {
  if (labels[skipLabel] === "true") return skipLabel;
  return Object.hasOwn(annotations, leaderAnnotation) ? leaderAnnotation : undefined;
}

function parseSubset(subset: Fields, name: ObjectName): readonly EndpointSlice[] {
  const ports = parsePorts(subset);
  const lists = [
    { key: "addresses", ready: true },
    { key: "notReadyAddresses", ready: false },
  ];
  if (lists.every(({ key }) => isEmpty(subset.value[key]))) subset.report("subset-without-address", subset.place, {});
  let left = mostAddresses;
  return lists.flatMap(({ key, ready }) => {
    const all = parseAddresses(subset, key, ready);
    const endpoints = all.slice(0, left);
    left -= endpoints.length;
    if (endpoints.length < all.length)
      subset.report("endpoints-over-capacity", placeOf(subset, key), { most: mostAddresses });
    return families.map((family) => ({
      ...name,
      source: "Endpoints" as const,
      service: name.name,
      family,
      headless: false,
      ports,
      endpoints: endpoints.filter((endpoint) => (family === "ipv6") === endpoint.ip.includes(":")),
      endpointsPlace: placeOf(subset, key),
    }));
  });
}

function isEmpty(list: unknown): boolean {
  return list === undefined || list === null || (Array.isArray(list) && list.length === 0);
}

/** As in a slice, but a number is required, and a name where there are several. */
function parsePorts(subset: Fields): readonly SlicePort[] {
  const records = recordsField(subset, "ports");
  return records.map((record) => {
    const port = parseSlicePort(record, "Endpoints");
    if (port.name === "" && records.length > 1) record.report("endpoints-port-unnamed", record.place, {});
    return port;
  });
}

function parseAddresses(subset: Fields, key: string, ready: boolean): readonly SliceEndpoint[] {
  const endpoints: SliceEndpoint[] = [];
  for (const record of recordsField(subset, key)) {
    const address = parseReachableIp(record, textField(record, "ip") ?? "", placeOf(record, "ip"));
    const nodeName = textField(record, "nodeName");
    if (nodeName !== undefined && !isDnsSubdomain(nodeName)) {
      record.report("endpoint-name-invalid", placeOf(record, "nodeName"), { name: nodeName, what: "node name" });
    }
    checkHostname(record, textField(record, "hostname") || undefined);
    checkTarget(record);
    if (address === undefined) continue;
    const ip = address.text;
    const index = Number(record.place.key);
    endpoints.push({ ip, ready, serving: true, terminating: false, nodeName, zoneHints: [], nodeHints: [], index });
  }
  return endpoints;
}
