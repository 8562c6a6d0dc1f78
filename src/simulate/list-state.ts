import { createSink, describeSubject } from "../diagnostics/diagnostic.ts";
import { layOver } from "../model/documents/apply-overlay.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import { type DocumentRoles, flattenDocuments, type InputObject } from "../model/flatten-documents.ts";
import { isRead, subjectOf } from "../model/read-objects.ts";
import { isKind } from "../simulate/draft.ts";

export interface ListedState {
  /** By kind and name, each with apiVersion and kind. */
  readonly objects: readonly object[];
  /** Objects of kinds that Portolan does not read: `Ingress shop/shop`. */
  readonly ignored: readonly string[];
}

/** The objects of a state that Portolan reads, by kind and name, Lists and overlays resolved. */
export function listState(documents: readonly unknown[], roles: DocumentRoles): ListedState {
  // Whoever compiled this state has reported what is wrong with it.
  const silent = createSink();
  const objects = layOver(flattenDocuments(documents, silent), roles, silent);
  const kept = objects.filter(isKept).map((object) => ({ object, key: sortKey(object) }));
  const items = kept.sort((a, b) => compareBytes(a.key, b.key)).map(({ object }) => complete(object));
  const ignored = objects.filter((object) => !isKept(object)).map((object) => describeSubject(subjectOf(object)));
  return { objects: items, ignored };
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
