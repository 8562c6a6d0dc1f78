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
  /** Whether any node could serve the service port: without, its traffic is rejected rather than dropped. */
  readonly anywhere: boolean;
}

const none: UsableEndpoints = { reachable: { known: [], cluster: [], local: [] }, anywhere: false };

/**
 * The endpoints that this node may use: the ready ones, narrowed by topology hints, or the serving and
 * terminating ones where none is ready; for cluster and local traffic apart (CategorizeEndpoints, KEP-1669).
 */
export function resolveUsableEndpoints(all: readonly Endpoint[], needs: Needs, locality: Locality): UsableEndpoints {
  if (all.length === 0) return none;
  const cluster = needs.cluster ? clusterEndpoints(all, locality) : [];
  if (!needs.local) return { reachable: { known: all, cluster, local: [] }, anywhere: cluster.length > 0 };
  const local = readyOrTerminating(all.filter((endpoint) => endpoint.isLocal));
  return { reachable: { known: all, cluster, local }, anywhere: readyOrTerminating(all).length > 0 };
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

/** Node hints beat zone hints; either counts only when every ready endpoint has one and one of them names us (KEP-2433, KEP-3015). */
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
