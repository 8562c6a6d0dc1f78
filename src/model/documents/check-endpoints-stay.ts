import { describeSubject, type Report } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import { isRecord } from "../fields/fields.ts";
import type { InputObject } from "../flatten-documents.ts";
import { subjectOf } from "../read-objects.ts";

type Values = Readonly<Record<string, unknown>>;

const serviceLabel = "kubernetes.io/service-name";

/** The Service that an EndpointSlice or Endpoints belongs to, as messages call it; undefined for other objects. */
export function serviceOfEndpoints(input: InputObject): string | undefined {
  if (input.kind !== "EndpointSlice" && input.kind !== "Endpoints") return undefined;
  const { kind, namespace, name } = subjectOf(input);
  const { metadata } = input.value;
  const labels = isRecord(metadata) && isRecord(metadata.labels) ? metadata.labels : {};
  return `Service ${namespace}/${kind === "Endpoints" ? name : String(labels[serviceLabel])}`;
}

/** Warns if a cluster would give the Service other endpoints than those of the state, which are not recomputed. */
export function checkEndpointsStay(
  over: InputObject,
  base: InputObject,
  withEndpoints: ReadonlySet<string | undefined>,
  report: Report,
): void {
  const object = describeSubject(subjectOf(over));
  const { spec: after } = over.value;
  const { spec: before } = base.value;
  if (withEndpoints.has(object) || !isRecord(after) || !isRecord(before)) return;
  const place = at(over.place, "spec");
  if (textOf(after.selector) !== textOf(before.selector)) {
    report("overlay-endpoints-kept", at(place, "selector"), { object, field: "selector" }, { caret: "key" });
  }
  // Without one, a cluster computes no endpoints.
  if (textOf(after.selector) === "") return;
  portsOf(after).forEach((port, index) => {
    const old = portsOf(before).find((one) => portKey(one) === portKey(port));
    const there = at(at(place, "ports"), index);
    if (old === undefined) report("overlay-endpoints-kept", there, { object, field: "port" });
    else if (targetOf(old) !== targetOf(port))
      report("overlay-endpoints-kept", at(there, "targetPort"), { object, field: "targetPort" }, { caret: "key" });
  });
}

/** What the ports of slices are found by. */
function portKey({ name, protocol }: Values): string {
  return `${String(name ?? "")}/${String(protocol ?? "TCP")}`;
}

function portsOf({ ports }: Values): readonly Values[] {
  return Array.isArray(ports) ? ports.map((port: unknown) => (isRecord(port) ? port : {})) : [];
}

function targetOf({ targetPort, port }: Values): string {
  return String(targetPort ?? port);
}

/** Empty where there is none. */
function textOf(selector: unknown): string {
  const entries = isRecord(selector) ? Object.entries(selector) : [];
  return entries.length === 0 ? "" : JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
