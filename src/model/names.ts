import type { Place } from "../diagnostics/place.ts";
import type { Fields } from "./fields.ts";
import { checkKnownFields, recordField, textField, textMapField } from "./fields.ts";

export type Protocol = "TCP" | "UDP" | "SCTP";

export const protocols: readonly Protocol[] = ["TCP", "UDP", "SCTP"];

const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const portName = /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** RFC 1123 label: what namespaces, Services and service ports are called. */
export function isDnsLabel(text: string): boolean {
  return dnsLabel.test(text);
}

/** RFC 1123 subdomain: what nodes, EndpointSlices and host names are called. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && dnsSubdomain.test(text);
}

/** IANA service name: what a container port, and so a named target port, is called. */
export function isPortName(text: string): boolean {
  return portName.test(text);
}

export function isLabelValue(text: string): boolean {
  return labelValue.test(text);
}

/** What is read of an object's metadata. `namespace` is empty for kinds without one. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly place: Place;
}

export interface NameRules {
  readonly namespaced: boolean;
  readonly isName: (text: string) => boolean;
  /** How such a name looks, for the message. */
  readonly shape: string;
}

const objectFields = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);

/** Reads `metadata`; undefined, with an error reported, when the object has no usable name. */
export function parseObjectName(fields: Fields, rules: NameRules, known = objectFields): ObjectName | undefined {
  checkKnownFields(fields, known);
  const metadata = recordField(fields, "metadata");
  const name = metadata === undefined ? undefined : textField(metadata, "name");
  if (metadata === undefined || name === undefined || name === "") {
    fields.report("object-without-name", metadata?.place ?? fields.place, {});
    return undefined;
  }
  const namespace = rules.namespaced ? (textField(metadata, "namespace") ?? "default") : "";
  if (!rules.isName(name)) fields.report("name-invalid", nameField(metadata, "name"), { name, shape: rules.shape });
  if (rules.namespaced && !isDnsLabel(namespace)) {
    fields.report("namespace-invalid", nameField(metadata, "namespace"), { name: namespace });
  }
  return {
    namespace,
    name,
    labels: textMapField(metadata, "labels"),
    annotations: textMapField(metadata, "annotations"),
    place: fields.place,
  };
}

function nameField(metadata: Fields, key: string): Place {
  return { parent: metadata.place, key };
}

/** `Service shop/web`, `Node n1`: how messages call an object. */
export function describeObject(kind: string, namespace: string, name: string): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
