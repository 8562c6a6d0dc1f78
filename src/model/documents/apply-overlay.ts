import { createSink, describeSubject, type Sink, type Subject } from "../../diagnostics/diagnostic.ts";
import { at, originOf } from "../../diagnostics/place.ts";
import { isRecord, typeAndValue } from "../fields/fields.ts";
import { type DocumentRoles, flattenDocuments, type InputObject } from "../flatten-documents.ts";
import { isRead, subjectOf } from "../read-objects.ts";
import { checkEndpointsStay, serviceOfEndpoints } from "./check-endpoints-stay.ts";

/** With the value "true", an object of an overlay deletes the object of that name. */
export const absentAnnotation = "portolan/absent";

/**
 * Applies the objects of overlay documents to the others, by kind, namespace and name. An object keeps the place in its
 * own document. A Service keeps the fields that only a cluster fills in.
 */
export function applyOverlay(
  objects: readonly InputObject[],
  { overlaysFrom, proxyConfigDocument, gone = nothing, recomputed = nothing }: DocumentRoles,
  sink: Sink,
): readonly InputObject[] {
  const first = overlaysFrom ?? Number.POSITIVE_INFINITY;
  const base = objects.filter(({ place }) => originOf(place).document < first);
  for (const input of base) warnAbsentBelow(input, sink);
  if (base.length === objects.length && gone.size === 0) return objects;
  const above = objects.slice(base.length);
  const overlays = readOverlays(above, sink);
  const withEndpoints = new Set(above.map(serviceOfEndpoints));
  // A cluster deletes the endpoints with their Service.
  const isGone = (name: string | undefined): boolean =>
    name !== undefined && (overlays.get(name)?.isAbsent ?? gone.has(name));
  const laid = base.flatMap((input) => {
    const isConfiguration = originOf(input.place).document === proxyConfigDocument;
    const overlay = isConfiguration ? undefined : overlays.get(keyOf(input));
    if (overlay === undefined) return isGone(keyOf(input)) || isGone(serviceOfEndpoints(input)) ? [] : [input];
    // A second object of this name is kept, so that it is reported as a duplicate; a configuration has no name.
    if (overlay.isUsed) return input.kind === configurationKind ? [] : [input];
    overlay.isUsed = true;
    if (overlay.isAbsent) return [];
    const { object } = overlay;
    if (object.kind !== "Service") return [object];
    const report = sink.reporter(subjectOf(object));
    if (recomputed.has(keyOf(object))) report("overlay-endpoints-recomputed", object.place, { object: keyOf(object) });
    else checkEndpointsStay(object, input, withEndpoints, report);
    return [{ ...object, value: keepAllocated(object.value, input.value) }];
  });
  const added = [...overlays.values()].flatMap(({ object, isUsed, isAbsent }) => {
    if (!isUsed && isAbsent) warnNotThere(object, sink);
    return isUsed || isAbsent ? [] : [object];
  });
  return [...laid, ...added, ...above.filter((input) => !isRead(input))];
}

const nothing: ReadonlySet<string> = new Set();

/** The names of the objects in documents, as in messages; objects of ignored kinds are left out. */
export function objectNames(documents: readonly unknown[]): ReadonlySet<string> {
  return new Set(flattenDocuments(documents, createSink()).filter(isRead).map(keyOf));
}

interface Overlay {
  readonly object: InputObject;
  readonly isAbsent: boolean;
  isUsed: boolean;
}

const configurationKind = "KubeProxyConfiguration";

function readOverlays(above: readonly InputObject[], sink: Sink): ReadonlyMap<string, Overlay> {
  const overlays = new Map<string, Overlay>();
  for (const object of above) {
    const subject = subjectOf(object);
    const isAbsent = readAbsence(object, subject, sink);
    // Deleting the ConfigMap deletes the configuration in it.
    const isConfigMap = isAbsent && describeSubject(subject) === "ConfigMap kube-system/kube-proxy";
    if (!isRead(object) && !isConfigMap) continue;
    const key = isConfigMap ? configurationKind : keyOf(object);
    const known = overlays.get(key);
    if (known === undefined) overlays.set(key, { object, isAbsent, isUsed: false });
    else {
      const related = [{ message: "first definition", place: known.object.place }];
      sink.reporter(subject)("object-duplicate", object.place, { object: describeSubject(subject) }, { related });
    }
  }
  return overlays;
}

function keyOf(input: InputObject): string {
  return describeSubject(subjectOf(input));
}

function absenceOf({ value: { metadata } }: InputObject): unknown {
  const annotations = isRecord(metadata) ? metadata.annotations : undefined;
  return isRecord(annotations) ? annotations[absentAnnotation] : undefined;
}

function readAbsence(object: InputObject, subject: Subject, sink: Sink): boolean {
  const value = absenceOf(object);
  if (value === undefined || value === null || value === "false") return false;
  if (value === "true") return true;
  const place = ["metadata", "annotations", absentAnnotation].reduce(at, object.place);
  sink.reporter(subject)("overlay-absent-invalid", place, { got: typeAndValue(value) });
  return true;
}

function warnAbsentBelow(input: InputObject, sink: Sink): void {
  const value = absenceOf(input);
  if (value === undefined || value === null || value === "false") return;
  const place = ["metadata", "annotations", absentAnnotation].reduce(at, input.place);
  sink.reporter(subjectOf(input))("absent-outside-overlay", place, {}, { caret: "key" });
}

function warnNotThere(input: InputObject, sink: Sink): void {
  const subject = subjectOf(input);
  sink.reporter(subject)("overlay-absent-unknown", input.place, { object: describeSubject(subject) });
}

type Values = Readonly<Record<string, unknown>>;

/**
 * A Service laid over another, with what only a cluster fills in kept where the new one leaves it out: cluster IPs, node
 * ports, the health check port and the load balancer's status (patchAllocatedValues of the API server's update).
 */
export function keepAllocated(over: Values, base: Values): Values {
  const { spec: after, status } = over;
  const { spec: before } = base;
  if (!isRecord(after) || !isRecord(before)) return over;
  const spec = { ...after, ...clusterIps(after, before), ...nodePorts(after, before), ...healthCheck(after, before) };
  const keepsStatus = !isBalanced(status) && after.type === "LoadBalancer" && isGiven(base.status);
  return { ...over, spec, ...(keepsStatus ? { status: base.status } : {}) };
}

function clusterIps(after: Values, before: Values): Values {
  if (after.type === "ExternalName" || before.type === "ExternalName") return {};
  if (isGiven(after.clusterIP) || isGiven(after.clusterIPs)) return {};
  const keepsFamilies = !isGiven(after.ipFamilies) && !isGiven(after.ipFamilyPolicy);
  const kept = only(before, ["clusterIP", "clusterIPs", ...(keepsFamilies ? ["ipFamilies", "ipFamilyPolicy"] : [])]);
  // A change to a single family drops the second address (trimFieldsForDualStackDowngrade).
  const isSingle = after.ipFamilyPolicy === "SingleStack" && Array.isArray(kept.clusterIPs);
  return isSingle ? { ...kept, clusterIPs: (kept.clusterIPs as readonly unknown[]).slice(0, 1) } : kept;
}

function nodePorts(after: Values, before: Values): Values {
  if (!hasNodePorts(after) || !hasNodePorts(before)) return {};
  if (!Array.isArray(after.ports) || !Array.isArray(before.ports)) return {};
  const known: readonly Values[] = before.ports.filter(isRecord).filter(({ nodePort }) => isGiven(nodePort));
  const used = new Set(after.ports.filter(isRecord).map(({ nodePort }) => nodePort));
  const fill = (keyOf: (port: Values) => string) => (port: unknown) => {
    if (!isRecord(port) || isGiven(port.nodePort)) return port;
    const { nodePort } = known.find((one) => keyOf(one) === keyOf(port)) ?? {};
    if (nodePort === undefined || used.has(nodePort)) return port;
    used.add(nodePort);
    return { ...port, nodePort };
  };
  // kubectl merges the ports of one number; of the others the API server fills in those of one name.
  return { ports: after.ports.map(fill(portKey)).map(fill(({ name }) => String(name ?? ""))) };
}

/** What prints manifests writes 'loadBalancer: {}' into each. */
function isBalanced(status: unknown): boolean {
  const balancer = isRecord(status) ? status.loadBalancer : undefined;
  return isRecord(balancer) && Array.isArray(balancer.ingress) && balancer.ingress.length > 0;
}

function healthCheck(after: Values, before: Values): Values {
  const hasOne = ({ type, externalTrafficPolicy }: Values): boolean =>
    type === "LoadBalancer" && externalTrafficPolicy === "Local";
  if (!hasOne(after) || !hasOne(before) || isGiven(after.healthCheckNodePort)) return {};
  return only(before, ["healthCheckNodePort"]);
}

function hasNodePorts({ type }: Values): boolean {
  return type === "NodePort" || type === "LoadBalancer";
}

function portKey({ port, protocol }: Values): string {
  return `${String(port)}/${String(protocol ?? "TCP")}`;
}

function only(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(keys.filter((key) => isGiven(values[key])).map((key) => [key, values[key]]));
}

/** The API server takes nothing, null, an empty text and 0 for the same. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== 0;
}
