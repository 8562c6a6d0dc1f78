import { createSink, type Diagnostic, describeSubject, hasErrors } from "../diagnostics/diagnostic.ts";
import { type Cidr, parseCidr } from "../model/address.ts";
import { defaultNodePortRange } from "../model/check-clashes.ts";
import { applyOverlay } from "../model/documents/apply-overlay.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import { type DocumentRoles, flattenDocuments, type InputObject } from "../model/flatten-documents.ts";
import { parseCluster } from "../model/parse-cluster.ts";
import { defaultKubeProxyVersion } from "../model/proxy-configuration/kube-proxy-version.ts";
import { isRead, subjectOf } from "../model/read-objects.ts";
import { isKind } from "./draft.ts";
import { simulateDocuments } from "./simulate-documents.ts";

/** The properties of a simulated cluster. */
export interface SimulationOptions {
  /** How many Nodes, where the input has none; default 3. */
  readonly nodes?: number | undefined;
  /** Of pods, such as `10.244.0.0/16`; at most one of each family. */
  readonly podCidrs?: readonly string[] | undefined;
  /** Of cluster IPs, such as `10.96.0.0/16`; at most one of each family. */
  readonly serviceCidrs?: readonly string[] | undefined;
  /** Nodes (`node2`) and pods (`shop/web-1`) that are down. */
  readonly fail?: readonly string[] | undefined;
  /** Replicas of workloads by name (`shop/web`), in place of those in their spec. */
  readonly scale?: Readonly<Record<string, number>> | undefined;
}

export interface Simulation {
  /** The whole state, by kind and name; empty where there are errors. */
  readonly objects: readonly object[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Fills in what plain manifests lack, as a cluster would: Nodes, Pods of workloads, EndpointSlices, cluster IPs, node
 * ports and load balancer addresses. What is given stays; what is invented depends on names alone and is named in the
 * annotation `portolan/simulated`. Throws a RangeError for a range that is none.
 *
 * @example
 * ```ts
 * import { simulate } from "portolan";
 *
 * const web = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } };
 * const { objects, diagnostics } = simulate([web], { nodes: 2 });
 * console.log(objects.map(({ kind }) => kind)); // ["Node", "Node", "Service"]
 * console.log(objects[2].spec.clusterIP.startsWith("10.96.")); // true
 * ```
 */
export function simulate(objects: readonly unknown[], options: SimulationOptions = {}): Simulation {
  const sink = createSink();
  const { nodes, fail, scale } = options;
  const settings = {
    nodes,
    podCidrs: options.podCidrs?.map(cidrOf),
    serviceCidrs: options.serviceCidrs?.map(cidrOf),
    fail,
    scale: scale && Object.entries(scale).map(([name, replicas]) => ({ name, replicas })),
  };
  const roles = { proxyConfigDocument: undefined, overlaysFrom: undefined };
  const { documents, invented } = simulateDocuments(objects, { roles, options: settings, held: new Map() }, sink);
  const all = [...documents, ...invented.map(({ value }) => value)];
  parseCluster(
    all,
    {
      ...roles,
      mode: undefined,
      version: defaultKubeProxyVersion,
      nodePortRange: defaultNodePortRange,
      keepGoing: false,
    },
    sink,
  );
  const { diagnostics } = sink;
  return { objects: hasErrors(diagnostics) ? [] : listState(all, roles).objects, diagnostics };
}

function cidrOf(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new RangeError(`${text} is no range, such as 10.96.0.0/16`);
  return cidr;
}

export interface ListedState {
  /** By kind and name, each with apiVersion and kind. */
  readonly objects: readonly object[];
  /** Objects of kinds that Portolan does not read: `Ingress shop/shop`. */
  readonly ignored: readonly string[];
}

/** The objects of a state that Portolan reads, by kind and name, Lists and overlays resolved. */
export function listState(documents: readonly unknown[], roles: DocumentRoles): ListedState {
  // Problems of this state were reported when it was compiled.
  const silent = createSink();
  const objects = applyOverlay(flattenDocuments(documents, silent), roles, silent);
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
