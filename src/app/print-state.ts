import { createSink, describeSubject } from "../diagnostics/diagnostic.ts";
import type { Inputs } from "../host/files/read-inputs.ts";
import { layOver } from "../model/documents/apply-overlay.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import { flattenDocuments, type InputObject } from "../model/flatten-documents.ts";
import { isRead, subjectOf } from "../model/read-objects.ts";
import { isKind } from "../simulate/draft.ts";
import { printYaml } from "../snapshot/print-yaml.ts";

interface PrintedState {
  readonly text: string;
  /** Objects of kinds that Portolan does not read: `Ingress shop/shop`. */
  readonly ignored: readonly string[];
}

/** The objects of a state that Portolan reads, by kind and name: as YAML documents, or as one List. */
export function printState(inputs: Inputs, format: "yaml" | "json"): PrintedState {
  const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
  // Whoever compiled this state has told what is wrong with it.
  const silent = createSink();
  const objects = layOver(flattenDocuments(values, silent), inputs, silent);
  const kept = objects.filter(isKept).map((object) => ({ object, key: sortKey(object) }));
  const items = kept.sort((a, b) => compareBytes(a.key, b.key)).map(({ object }) => complete(object));
  return {
    text: format === "json" ? `${JSON.stringify(listOf(items), null, 2)}\n` : items.map(printYaml).join("---\n"),
    ignored: objects.filter((object) => !isKept(object)).map((object) => describeSubject(subjectOf(object))),
  };
}

function isKept(object: InputObject): boolean {
  const { kind, value } = object;
  if (isRead(object) || isKind(kind) || kind === "Namespace") return true;
  return (
    kind === "ConfigMap" && describeSubject(subjectOf({ ...object, value })) === "ConfigMap kube-system/kube-proxy"
  );
}

const order = ["Namespace", "Node", "Host", "KubeProxyConfiguration", "ConfigMap", "Service", "EndpointSlice"];

function sortKey(object: InputObject): string {
  const rank = order.indexOf(object.kind);
  const { namespace, name } = subjectOf(object);
  return [rank === -1 ? "z" : String(rank), object.kind, namespace, name].join("\0");
}

/** With the kind that a typed list implies. */
function complete({ apiVersion, kind, value }: InputObject): object {
  return { apiVersion, kind, ...value };
}

function listOf(items: readonly object[]): object {
  return { apiVersion: "v1", kind: "List", items };
}
