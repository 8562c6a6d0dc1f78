import type { EndpointSlice, SliceEndpoint, SlicePort } from "../model/endpoints/endpoint-slice.ts";
import { compareBytes } from "../model/fields/compare.ts";
import type { ServicePort } from "../model/service/service.ts";
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

/** The sort is stable, so equal targets stand side by side in the order of their slices. */
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
