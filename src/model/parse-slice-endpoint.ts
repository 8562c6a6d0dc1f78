import { at, type Place } from "../diagnostics/place.ts";
import { type Family, type IpAddress, parseIp, specialRange } from "./address.ts";
import type { SliceEndpoint } from "./endpoint-slice.ts";
import {
  booleanField,
  checkKnownFields,
  type Fields,
  placeOf,
  recordField,
  recordsField,
  textField,
} from "./fields.ts";
import { isDnsSubdomain, isLabelValue } from "./names.ts";
import { parseReachableIp } from "./parse-addresses.ts";

const endpointFields = new Set(
  "addresses conditions hostname targetRef deprecatedTopology nodeName zone hints".split(" "),
);
const mostAddresses = 100;
const noHints: readonly string[] = [];
const familyNames: Readonly<Record<Family, string>> = { ipv4: "IPv4", ipv6: "IPv6" };

/** Reads one endpoint of a slice of this family; undefined, with an error reported, when it has no usable address. */
export function parseSliceEndpoint(record: Fields, family: Family): SliceEndpoint | undefined {
  checkKnownFields(record, endpointFields);
  const address = parseAddresses(record, family);
  const conditions = recordField(record, "conditions");
  const hints = recordField(record, "hints");
  const nodeName = textField(record, "nodeName");
  if (nodeName !== undefined) checkNodeName(record, nodeName, "nodeName");
  if (address === undefined) return undefined;
  return {
    address,
    ready: conditions === undefined ? true : (booleanField(conditions, "ready") ?? true),
    serving: conditions === undefined ? true : (booleanField(conditions, "serving") ?? true),
    terminating: conditions === undefined ? false : (booleanField(conditions, "terminating") ?? false),
    nodeName,
    zoneHints: hints === undefined ? noHints : parseZoneHints(hints),
    nodeHints: hints === undefined ? noHints : parseNodeHints(hints),
    place: record.place,
  };
}

/** The first address, which is the only one that counts; all are checked. */
function parseAddresses(record: Fields, family: Family): IpAddress | undefined {
  const given = record.value.addresses;
  const place = placeOf(record, "addresses");
  if (!Array.isArray(given) || given.length === 0) {
    record.report("endpoint-without-address", place, {});
    return undefined;
  }
  if (given.length > mostAddresses) {
    record.report("slice-too-large", place, {
      got: given.length,
      what: "addresses in an endpoint",
      limit: mostAddresses,
    });
  }
  if (given.length > 1) record.report("endpoint-extra-addresses", place, { count: given.length });
  const parsed = given.map((text, index) => parseEndpointAddress(record, text, at(place, index), family));
  return parsed[0];
}

function parseEndpointAddress(record: Fields, text: unknown, place: Place, family: Family): IpAddress | undefined {
  if (typeof text !== "string") {
    record.report("field-wrong-type", place, { field: "an address", wanted: "a string", got: typeof text });
    return undefined;
  }
  const plain = parseIp(text);
  if (plain?.text === text && plain.family === family && specialRange(plain) === undefined) return plain;
  const ip = parseReachableIp(record, text, place);
  if (ip === undefined || ip.family === family) return ip;
  record.report("ip-wrong-family", place, { value: text, got: familyNames[ip.family], wanted: familyNames[family] });
  return undefined;
}

function parseZoneHints(hints: Fields): readonly string[] {
  return recordsField(hints, "forZones").map((hint) => {
    const name = textField(hint, "name") ?? "";
    if (!isLabelValue(name)) hint.report("endpoint-name-invalid", placeOf(hint, "name"), { name, what: "zone" });
    return name;
  });
}

function parseNodeHints(hints: Fields): readonly string[] {
  return recordsField(hints, "forNodes").map((hint) => {
    const name = textField(hint, "name") ?? "";
    checkNodeName(hint, name, "name");
    return name;
  });
}

function checkNodeName(fields: Fields, name: string, key: string): void {
  if (!isDnsSubdomain(name)) fields.report("endpoint-name-invalid", placeOf(fields, key), { name, what: "node name" });
}
