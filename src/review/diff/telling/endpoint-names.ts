import { originOf } from "../../../diagnostics/place.ts";
import { valueAt } from "../../../diagnostics/value-at.ts";
import type { Cluster } from "../../../model/cluster.ts";
import { isRecord } from "../../../model/fields/fields.ts";
import type { EndpointAt } from "../side.ts";

/**
 * The pod and node behind each endpoint of a cluster, by `10.244.3.4:8080` or `[fd00::4]:8080`. Pods are looked up in
 * the documents themselves: the compiler keeps no targetRef.
 */
export function endpointNames(cluster: Cluster, documents: readonly unknown[]): ReadonlyMap<string, EndpointAt> {
  const found = new Map<string, EndpointAt>();
  for (const { family, ports, endpoints, endpointsPlace } of cluster.slices) {
    const list = valueAt(documents, originOf(endpointsPlace));
    for (const { ip, index, nodeName } of endpoints) {
      const pod = podOf(Array.isArray(list) ? list[index] : undefined);
      if (pod === undefined && nodeName === undefined) continue;
      const endpoint = { pod, node: nodeName };
      for (const { port } of ports) {
        if (port !== undefined) found.set(family === "ipv6" ? `[${ip}]:${port}` : `${ip}:${port}`, endpoint);
      }
    }
  }
  return found;
}

function podOf(endpoint: unknown): string | undefined {
  const { targetRef } = isRecord(endpoint) ? endpoint : {};
  if (!isRecord(targetRef) || targetRef.kind !== "Pod") return undefined;
  return typeof targetRef.name === "string" ? targetRef.name : undefined;
}
