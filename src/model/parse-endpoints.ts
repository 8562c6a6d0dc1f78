import { families } from "./address.ts";
import type { EndpointSlice, SliceEndpoint } from "./endpoint-slice.ts";
import { type Fields, placeOf, recordsField, textField } from "./fields.ts";
import { isDnsSubdomain, type ObjectName, parseObjectName } from "./names.ts";
import { parseReachableIp } from "./parse-addresses.ts";
import { parseSlicePort } from "./parse-endpoint-slice.ts";

const endpointsFields = new Set(["apiVersion", "kind", "metadata", "subsets"]);

/** Reads v1 Endpoints into the slices that the EndpointSliceMirroring controller would make of them. */
export function parseEndpoints(fields: Fields): readonly EndpointSlice[] {
  const shape = "an RFC 1123 subdomain";
  const name = parseObjectName(fields, { namespaced: true, isName: isDnsSubdomain, shape }, endpointsFields);
  if (name === undefined) return [];
  return recordsField(fields, "subsets").flatMap((subset) => parseSubset(subset, name));
}

function parseSubset(subset: Fields, name: ObjectName): readonly EndpointSlice[] {
  const ports = recordsField(subset, "ports").map(parseSlicePort);
  const endpoints = [
    ...parseAddresses(subset, "addresses", true),
    ...parseAddresses(subset, "notReadyAddresses", false),
  ];
  return families.map((family) => ({
    ...name,
    source: "Endpoints" as const,
    service: name.name,
    family,
    headless: false,
    ports,
    endpoints: endpoints.filter((endpoint) => endpoint.address.family === family),
    place: subset.place,
  }));
}

function parseAddresses(subset: Fields, key: string, ready: boolean): SliceEndpoint[] {
  const endpoints: SliceEndpoint[] = [];
  for (const record of recordsField(subset, key)) {
    const place = placeOf(record, "ip");
    const address = parseReachableIp(record, textField(record, "ip") ?? "", place);
    const nodeName = textField(record, "nodeName");
    if (nodeName !== undefined && !isDnsSubdomain(nodeName)) {
      record.report("endpoint-name-invalid", placeOf(record, "nodeName"), { name: nodeName, what: "node name" });
    }
    if (address === undefined) continue;
    endpoints.push({
      address,
      ready,
      serving: true,
      terminating: false,
      nodeName,
      zoneHints: [],
      nodeHints: [],
      place,
    });
  }
  return endpoints;
}
