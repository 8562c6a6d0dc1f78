import { at } from "../../diagnostics/place.ts";
import { type Fields, placeOf, recordField, textField, textsField } from "../fields/fields.ts";
import { isDnsLabel, isDnsSubdomain } from "../fields/names.ts";
import { parseLabels } from "../fields/parse-labels.ts";

const targetFields = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

/** The fields of an endpoint that make no rules, but that the API server checks. */
export function checkUnreadFields(record: Fields): void {
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
export function checkFqdnEndpoint(record: Fields): void {
  const names = textsField(record, "addresses");
  const { addresses } = record.value;
  if (addresses === undefined || addresses === null || (Array.isArray(addresses) && addresses.length === 0)) {
    record.report("endpoint-without-address", placeOf(record, "addresses"), {});
  }
  for (const { value, place } of names) {
    const name = value.replace(/\.$/, "");
    if (isDnsSubdomain(name) && name.includes(".")) continue;
    record.report("name-invalid", place, { name: value, shape: "a DNS name of at least two labels" });
  }
  checkUnreadFields(record);
  const nodeName = textField(record, "nodeName");
  if (nodeName !== undefined && !isDnsSubdomain(nodeName)) {
    record.report("endpoint-name-invalid", at(record.place, "nodeName"), { name: nodeName, what: "node name" });
  }
}
