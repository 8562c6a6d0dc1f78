import { createSink } from "../diagnostics/diagnostic.ts";
import { isRecord } from "../model/fields/fields.ts";
import { flattenDocuments, type InputObject } from "../model/flatten-documents.ts";
import { isGiven, recordOf, textsOf, type Value } from "./values.ts";

/**
 * Whether documents are bare manifests with a Service: no cluster has filled in anything of them. There is no
 * EndpointSlice, Endpoints or Node, and no field that only a cluster fills in, such as clusterIP, uid or status. The
 * command line simulates a cluster around them.
 *
 * @param documents Objects and Lists of objects, as parsed from YAML or JSON.
 *
 * @example
 * ```ts
 * import { isBare } from "portolan";
 *
 * const web = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } };
 * console.log(isBare([web])); // true
 * console.log(isBare([{ ...web, spec: { ...web.spec, clusterIP: "10.96.0.10" } }])); // false
 * ```
 */
export function isBare(documents: readonly unknown[]): boolean {
  // What is wrong with the documents is reported when they are parsed.
  const silent = createSink();
  let hasService = false;
  for (const document of documents) {
    for (const object of flattenDocuments([document], silent)) {
      if (ofClusters.has(object.kind) || isFilledIn(object)) return false;
      hasService ||= object.kind === "Service";
    }
  }
  return hasService;
}

const ofClusters: ReadonlySet<string> = new Set(["EndpointSlice", "Endpoints", "Node"]);

const metadataOfClusters = [
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "selfLink",
] as const;

function isFilledIn({ kind, value }: InputObject): boolean {
  const metadata = recordOf(value.metadata);
  if (metadataOfClusters.some((field) => isGiven(metadata[field])) || hasContent(value.status)) return true;
  const spec = recordOf(value.spec);
  if (kind === "Service") return hasAddress(spec);
  return kind === "Pod" && isGiven(spec.nodeName);
}

/** clusterIP None is written by hand: it makes a Service headless. */
function hasAddress({ clusterIP, clusterIPs }: Value): boolean {
  return [clusterIP, ...textsOf(clusterIPs)].some((address) => isGiven(address) && address !== "None");
}

/** `kubectl create --dry-run` prints `status: {}` and `status: {loadBalancer: {}}`. */
function hasContent(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isRecord(value) ? Object.values(value).some(hasContent) : isGiven(value);
}
