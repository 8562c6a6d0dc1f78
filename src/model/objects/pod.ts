import type { Place } from "../../diagnostics/place.ts";
import { type IpAddress, parseIp } from "../address.ts";
import {
  booleanField,
  checkKnownFields,
  type Fields,
  integerField,
  placeOf,
  recordField,
  recordsField,
  textField,
} from "../fields/fields.ts";
import { isDnsSubdomain, type ObjectName, type Protocol, parseObjectName, protocols } from "../fields/names.ts";
import { oneOf } from "../fields/parse-addresses.ts";

/** A v1 Pod: what the kubelet and the container runtime read of it to map host ports. */
export interface Pod extends ObjectName {
  /** Empty: not scheduled yet. */
  readonly nodeName: string;
  readonly hostNetwork: boolean;
  readonly phase: string;
  /** RFC 3339; empty: unknown. */
  readonly startTime: string;
  readonly ips: readonly IpAddress[];
  /** The ports of `spec.containers`, a list for each container. */
  readonly containers: readonly (readonly ContainerPort[])[];
}

export interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  /** 0: none. */
  readonly hostPort: number;
  readonly protocol: Protocol;
  /** As written: the API server accepts any text. Empty: every address. */
  readonly hostIp: string;
  readonly place: Place;
}

const rules = {
  namespaced: true,
  isName: isDnsSubdomain,
  shape: "lower case letters, digits, '-' and '.' only (RFC 1123 subdomain)",
};

/** Reads a v1 Pod. */
export function parsePod(fields: Fields): Pod | undefined {
  const name = parseObjectName(fields, rules);
  if (name === undefined) return undefined;
  const spec = recordField(fields, "spec");
  const status = recordField(fields, "status");
  return {
    ...name,
    nodeName: (spec && textField(spec, "nodeName")) ?? "",
    hostNetwork: (spec && booleanField(spec, "hostNetwork")) ?? false,
    phase: (status && textField(status, "phase")) ?? "",
    startTime: (status && textField(status, "startTime")) ?? "",
    ips: status === undefined ? [] : parsePodIps(status),
    containers: spec === undefined ? [] : recordsField(spec, "containers").map(parseContainerPorts),
  };
}

/** podIPs; podIP where there are none. What is no address is no address of the pod. */
function parsePodIps(status: Fields): readonly IpAddress[] {
  const several = recordsField(status, "podIPs").map((record) => textField(record, "ip") ?? "");
  const texts = several.length > 0 ? several : [textField(status, "podIP") ?? ""];
  return texts.map(parseIp).filter((ip) => ip !== undefined);
}

const portFields = new Set(["name", "hostPort", "containerPort", "protocol", "hostIP"]);

function parseContainerPorts(container: Fields): readonly ContainerPort[] {
  return recordsField(container, "ports").map((record) => {
    checkKnownFields(record, portFields);
    const hostPort = integerField(record, "hostPort") ?? 0;
    if (hostPort < 0 || hostPort > 65_535)
      record.report("port-out-of-range", placeOf(record, "hostPort"), { field: "hostPort", got: hostPort });
    const containerPort = integerField(record, "containerPort");
    if (containerPort === undefined || containerPort < 1 || containerPort > 65_535)
      record.report("port-out-of-range", placeOf(record, "containerPort"), {
        field: "containerPort",
        got: containerPort ?? "nothing",
      });
    return {
      name: textField(record, "name") ?? "",
      containerPort: containerPort ?? 0,
      hostPort,
      protocol: oneOf(record, "protocol", textField(record, "protocol") || undefined, protocols) ?? "TCP",
      hostIp: textField(record, "hostIP") ?? "",
      place: record.place,
    };
  });
}
