import {
  booleanField,
  checkKnownFields,
  type Fields,
  integerField,
  placeOf,
  recordsField,
  textField,
} from "../fields/fields.ts";
import { checkQualifiedName, isDnsLabel, isPortName, type Protocol, protocols } from "../fields/names.ts";
import { oneOf } from "../fields/parse-addresses.ts";
import type { ServicePort, ServiceType } from "./service.ts";

const portFields = new Set(["name", "protocol", "appProtocol", "port", "targetPort", "nodePort"]);

/** `spec.ports` (validateServicePort and the duplicate checks of validateService). */
export function parseServicePorts(spec: Fields, type: ServiceType, headless: boolean): readonly ServicePort[] {
  const records = recordsField(spec, "ports");
  if (records.length === 0 && !headless && type !== "ExternalName") {
    spec.report("service-without-ports", spec.place, {}, { caret: "key" });
  }
  const allocates = booleanField(spec, "allocateLoadBalancerNodePorts") ?? true;
  const wantsNodePort = type === "NodePort" || (type === "LoadBalancer" && allocates);
  const seen = records.length > 1 ? new Set<string>() : undefined;
  return records.map((record) => {
    const port = parseServicePort(record, records.length > 1, parseNodePort(record, type, wantsNodePort));
    if (seen !== undefined) checkUnique(record, port, seen);
    return port;
  });
}

function parseServicePort(record: Fields, needsName: boolean, nodePort: number | undefined): ServicePort {
  checkKnownFields(record, portFields);
  const name = textField(record, "name") ?? "";
  if (name === "" && needsName) record.report("service-port-unnamed", record.place, {});
  if (name !== "" && !isDnsLabel(name)) {
    record.report("service-port-name-invalid", placeOf(record, "name"), { name });
  }
  const protocol = oneOf(record, "protocol", textField(record, "protocol") || undefined, protocols) ?? "TCP";
  const port = integerField(record, "port");
  if (port === undefined || port < 1 || port > 65_535) {
    record.report("port-out-of-range", placeOf(record, "port"), { field: "port", got: port ?? "nothing" });
  }
  checkTargetPort(record);
  checkQualifiedName(record, "appProtocol", textField(record, "appProtocol"));
  return { name, protocol, port: port ?? 0, nodePort, place: record.place };
}

function checkTargetPort(record: Fields): void {
  const { targetPort } = record.value;
  const target = typeof targetPort === "string" ? targetPort : (integerField(record, "targetPort") ?? 0);
  if (target === 0 || target === "") return;
  const valid = typeof target === "number" ? target >= 1 && target <= 65_535 : isPortName(target);
  if (!valid) record.report("service-target-port-invalid", placeOf(record, "targetPort"), { got: target });
}

function parseNodePort(record: Fields, type: ServiceType, wanted: boolean): number | undefined {
  const nodePort = integerField(record, "nodePort") ?? 0;
  if (nodePort === 0) {
    if (wanted) record.report("node-port-missing", record.place, {});
    return undefined;
  }
  if (type === "ClusterIP") record.report("node-port-forbidden", placeOf(record, "nodePort"), {});
  else if (nodePort < 1 || nodePort > 65_535)
    record.report("port-out-of-range", placeOf(record, "nodePort"), { field: "nodePort", got: nodePort });
  return nodePort;
}

function checkUnique(record: Fields, port: ServicePort, seen: Set<string>): void {
  const claims: [key: string, field: string, what: string][] = [
    [`port ${port.port}/${port.protocol}`, "port", `port ${port.port}/${port.protocol}`],
  ];
  if (port.name !== "") claims.push([`name ${port.name}`, "name", `the name ${port.name}`]);
  if (port.nodePort !== undefined) {
    const pair = `nodePort ${port.nodePort}/${port.protocol satisfies Protocol}`;
    claims.push([pair, "nodePort", pair]);
  }
  for (const [key, field, what] of claims) {
    if (seen.has(key)) record.report("service-port-duplicate", placeOf(record, field), { what });
    seen.add(key);
  }
}
