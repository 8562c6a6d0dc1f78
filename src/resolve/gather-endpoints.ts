import { type IpAddress, joinHostPort } from "../model/address.ts";
import { compareBytes } from "../model/compare.ts";
import type { EndpointSlice, SliceEndpoint, SlicePort } from "../model/endpoint-slice.ts";
import type { ServicePort } from "../model/service.ts";
import type { Endpoint } from "./forwarding-plan.ts";

/** Told about the same target with different conditions in two slices. */
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
      for (const endpoint of slice.endpoints) {
        gathered.push(makeEndpoint(endpoint, slice, slicePort.port, nodeName));
      }
    }
  }
  if (gathered.length < 2) return gathered;
  gathered.sort((a, b) => compareBytes(a.target, b.target));
  return mergeEqualTargets(gathered, onConflict);
}

function isFor(slicePort: SlicePort, port: ServicePort): boolean {
  return slicePort.name === port.name && slicePort.protocol === port.protocol;
}

function makeEndpoint(endpoint: SliceEndpoint, slice: EndpointSlice, port: number, nodeName: string): Endpoint {
  const address: IpAddress = endpoint.address;
  return {
    ip: address.text,
    target: joinHostPort(address, port),
    isLocal: endpoint.nodeName === nodeName,
    ready: endpoint.ready,
    serving: endpoint.serving,
    terminating: endpoint.terminating,
    zoneHints: endpoint.zoneHints,
    nodeHints: endpoint.nodeHints,
    slice,
    place: endpoint.place,
  };
}

/** The sort is stable, so equal targets stand side by side in the order of their slices. */
function mergeEqualTargets(sorted: readonly Endpoint[], onConflict: OnConflict): readonly Endpoint[] {
  const merged: Endpoint[] = [];
  for (const endpoint of sorted) {
    const last = merged[merged.length - 1];
    if (last === undefined || last.target !== endpoint.target) {
      merged.push(endpoint);
      continue;
    }
    if (last.slice !== endpoint.slice && conditionsDiffer(last, endpoint)) onConflict(endpoint);
    if (!endpoint.terminating) merged[merged.length - 1] = endpoint;
  }
  return merged;
}

function conditionsDiffer(a: Endpoint, b: Endpoint): boolean {
  return a.ready !== b.ready || a.serving !== b.serving || a.isLocal !== b.isLocal;
}
