import type { Place } from "../../diagnostics/place.ts";
import { checkKnownFields, type Fields, listField, placeOf, recordField, textField, textMapField } from "./fields.ts";

export type Protocol = "TCP" | "UDP" | "SCTP";

export const protocols: readonly Protocol[] = ["TCP", "UDP", "SCTP"];

const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const portName = /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** RFC 1123 label: what namespaces, Services and service ports are called. */
export function isDnsLabel(text: string): boolean {
  return dnsLabel.test(text);
}

/** RFC 1123 subdomain: what nodes, EndpointSlices and host names are called. */
export function isDnsSubdomain(text: string): boolean {
  if (text.length > 253) return false;
  // A loop rather than a pattern: every endpoint's node name comes by here.
  let afterLetter = false;
  let afterDash = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isLetter = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    const isDash = code === 0x2d;
    if (!isLetter && !(isDash ? afterLetter || afterDash : code === 0x2e && afterLetter)) return false;
    afterLetter = isLetter;
    afterDash = isDash;
  }
  return afterLetter;
}

/** IANA service name: what a container port, and so a named target port, is called. */
export function isPortName(text: string): boolean {
  return portName.test(text);
}

export function isLabelValue(text: string): boolean {
  return labelValue.test(text);
}

/** A name, perhaps after a DNS subdomain and a slash: what keys of labels and annotations are called. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash !== -1 && !isDnsSubdomain(text.slice(0, slash))) return false;
  const name = text.slice(slash + 1);
  return name !== "" && isLabelValue(name);
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
    const given = metadata === undefined ? fields.value.metadata : metadata.value.name;
    const isMissing = given === undefined || given === null || given === "";
    if (isMissing) fields.report("object-without-name", metadata?.place ?? fields.place, {});
    return undefined;
  }
  checkUnreadMetadata(metadata);
  const namespace = rules.namespaced ? textField(metadata, "namespace") || "default" : "";
  if (!rules.isName(name)) fields.report("name-invalid", nameField(metadata, "name"), { name, shape: rules.shape });
  if (rules.namespaced && !isDnsLabel(namespace)) {
    fields.report("namespace-invalid", nameField(metadata, "namespace"), { name: namespace });
  }
  return {
    namespace,
    name,
    labels: parseLabels(metadata, "labels"),
    annotations: parseAnnotations(metadata, "annotations"),
    place: fields.place,
  };
}

const unreadTexts = ["generateName", "uid", "resourceVersion", "selfLink", "creationTimestamp", "deletionTimestamp"];
const unreadLists = ["finalizers", "ownerReferences", "managedFields"];
const unreadTypes = new Map([
  ...unreadTexts.map((field) => [field, "text"] as const),
  ...unreadLists.map((field) => [field, "list"] as const),
]);

/** These fields are not used, but with a wrong type the API server could not decode the object. */
function checkUnreadMetadata(metadata: Fields): void {
  if (areUnreadWellTyped(metadata.value)) return;
  for (const field of unreadTexts) textField(metadata, field);
  for (const field of unreadLists) listField(metadata, field);
}

/** Checks the fields that exist: looking up each possible field costs more. */
function areUnreadWellTyped(metadata: Fields["value"]): boolean {
  for (const field in metadata) {
    const type = unreadTypes.get(field);
    if (type === undefined) continue;
    const value = metadata[field] ?? undefined;
    const isRight = value === undefined || (type === "text" ? typeof value === "string" : Array.isArray(value));
    if (!isRight) return false;
  }
  return true;
}

function nameField(metadata: Fields, key: string): Place {
  return { parent: metadata.place, key };
}

type Texts = Readonly<Record<string, string>>;

/** Labels, or a selector of labels (ValidateLabels of apimachinery). */
export function parseLabels(fields: Fields, key: string): Texts {
  const labels = textMapField(fields, key);
  checkKeys(fields, key, labels, isQualifiedName);
  for (const name in labels) {
    const value = labels[name] as string;
    if (!isLabelValue(value)) reportLabel(fields, { field: key, name, caret: "value" }, "label value", value);
  }
  return labels;
}

/** Annotations: their values are free, and upper case counts as lower case in their keys. */
export function parseAnnotations(fields: Fields, key: string): Texts {
  const annotations = textMapField(fields, key);
  checkKeys(fields, key, annotations, (name) => isQualifiedName(name.toLowerCase()));
  return annotations;
}

function checkKeys(fields: Fields, key: string, texts: Texts, isKey: (name: string) => boolean): void {
  for (const name in texts) {
    if (!isKey(name)) reportLabel(fields, { field: key, name, caret: "key" }, "label or annotation key", name);
  }
}

interface InvalidLabel {
  /** Of labels, annotations or a selector: the field that holds them, and the one that is wrong. */
  readonly field: string;
  readonly name: string;
  readonly caret: "key" | "value";
}

function reportLabel(fields: Fields, { field, name, caret }: InvalidLabel, what: string, got: string): void {
  fields.report("label-invalid", { parent: placeOf(fields, field), key: name }, { got, what }, { caret });
}

/** A field that holds a qualified name, such as appProtocol. */
export function checkQualifiedName(fields: Fields, field: string, text: string | undefined): void {
  if (text === undefined || isQualifiedName(text)) return;
  fields.report("qualified-name-invalid", placeOf(fields, field), { field, got: text });
}
