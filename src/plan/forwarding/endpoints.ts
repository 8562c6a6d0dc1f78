import { compareBytes } from "../../model/fields/name-map.ts";
import type { EndpointSlice, SliceEndpoint, SlicePort } from "../../model/objects/endpoint-slice.ts";
import type { ServicePort } from "../../model/objects/service.ts";
import type { Endpoint, ReachableEndpoints } from "./forwarding-plan.ts";

/** Which lists of endpoints the traffic policies of a service port need. */
export interface Needs {
  readonly cluster: boolean;
  readonly local: boolean;
}

/** The node that the endpoints are chosen for. */
export interface Locality {
  readonly node: string;
  readonly zone: string | undefined;
}

export interface UsableEndpoints {
  readonly reachable: ReachableEndpoints;
  /** Whether any node could serve the service port: if not, its traffic is rejected rather than dropped. */
  readonly anywhere: boolean;
}

const none: UsableEndpoints = { reachable: { all: [], cluster: [], local: [] }, anywhere: false };

/**
 * The endpoints that this node may use: the ready ones, narrowed by topology hints, or the serving and
 * terminating ones where none is ready; for cluster and local traffic apart (CategorizeEndpoints, KEP-1669).
 */
export function resolveUsableEndpoints(all: readonly Endpoint[], needs: Needs, locality: Locality): UsableEndpoints {
  if (all.length === 0) return none;
  const cluster = needs.cluster ? clusterEndpoints(all, locality) : [];
  if (!needs.local) return { reachable: { all, cluster, local: [] }, anywhere: cluster.length > 0 };
  const local = readyOrTerminating(all.filter((endpoint) => endpoint.isLocal));
  return { reachable: { all, cluster, local }, anywhere: readyOrTerminating(all).length > 0 };
}

function clusterEndpoints(all: readonly Endpoint[], locality: Locality): readonly Endpoint[] {
  const ready = readyOf(all);
  return ready.length > 0 ? hinted(ready, locality) : readyOrTerminating(all);
}

/** The list itself where all are ready, as nearly always. */
function readyOf(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  for (const { entry } of endpoints) if (!entry.ready) return endpoints.filter((endpoint) => endpoint.entry.ready);
  return endpoints;
}

function readyOrTerminating(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = readyOf(endpoints);
  if (ready.length > 0) return ready;
  return endpoints.filter((endpoint) => endpoint.entry.serving && endpoint.entry.terminating);
}

/**
 * Node hints override zone hints. Either counts only if every ready endpoint has one and one names this node (KEP-2433,
 * KEP-3015).
 */
function hinted(ready: readonly Endpoint[], { node, zone }: Locality): readonly Endpoint[] {
  if (ready.every((endpoint) => endpoint.entry.nodeHints.length > 0)) {
    const forUs = ready.filter((endpoint) => endpoint.entry.nodeHints.includes(node));
    if (forUs.length > 0) return forUs;
  }
  if (zone !== undefined && ready.every((endpoint) => endpoint.entry.zoneHints.length > 0)) {
    const forUs = ready.filter((endpoint) => endpoint.entry.zoneHints.includes(zone));
    if (forUs.length > 0) return forUs;
  }
  return ready;
}

/** Called for the same target with different conditions in two slices. */
export type OnConflict = (endpoint: Endpoint) => void;

/**
 * All endpoints of a service port, ready or not, in bytewise order of their targets, each once.
 * `slices` are those of the Service and family in name order. Of two entries with one target the later
 * wins unless it is terminating (EndpointSliceCache.addEndpoints of kube-proxy).
 */
export function gatherEndpoints(
  slices: readonly EndpointSlice[],
  port: ServicePort,
  nodeName: string,
  onConflict: OnConflict,
): readonly Endpoint[] {
  const gathered: Endpoint[] = [];
  for (const slice of slices) {
    for (const slicePort of slice.ports) {
      if (slicePort.port === undefined || !isFor(slicePort, port)) continue;
      const [before, after] = slice.family === "ipv4" ? ["", `:${slicePort.port}`] : ["[", `]:${slicePort.port}`];
      for (const entry of slice.endpoints) {
        gathered.push({ target: before + entry.ip + after, isLocal: entry.nodeName === nodeName, entry, slice });
      }
    }
  }
  // Slices are often written in order already.
  if (isStrictlySorted(gathered)) return gathered;
  gathered.sort((a, b) => compareBytes(a.target, b.target));
  return mergeEqualTargets(gathered, onConflict);
}

/** In order, and no target twice. */
function isStrictlySorted(endpoints: readonly Endpoint[]): boolean {
  let last = "";
  for (const { target } of endpoints) {
    if (target <= last) return false;
    last = target;
  }
  return true;
}

function isFor(slicePort: SlicePort, port: ServicePort): boolean {
  return slicePort.name === port.name && slicePort.protocol === port.protocol;
}

/** The sort is stable, so equal targets are adjacent in the order of their slices. */
function mergeEqualTargets(sorted: readonly Endpoint[], onConflict: OnConflict): readonly Endpoint[] {
  const merged: Endpoint[] = [];
  for (const endpoint of sorted) {
    const last = merged[merged.length - 1];
    if (last === undefined || last.target !== endpoint.target) {
      merged.push(endpoint);
      continue;
    }
    if (last.slice !== endpoint.slice && conditionsDiffer(last.entry, endpoint.entry)) onConflict(endpoint);
    if (!endpoint.entry.terminating) merged[merged.length - 1] = endpoint;
  }
  return merged;
}

function conditionsDiffer(a: SliceEndpoint, b: SliceEndpoint): boolean {
  return a.ready !== b.ready || a.serving !== b.serving || a.nodeName !== b.nodeName;
}

/** The port of an endpoint. */
export function targetPort({ target }: Endpoint): string {
  return target.slice(target.lastIndexOf(":") + 1);
}
