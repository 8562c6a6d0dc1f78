/** States made for tests: plain objects, as JSON.parse would give them. */

export interface StateShape {
  readonly services: number;
  /** Endpoints of each Service; on two nodes in turn. */
  readonly endpoints: number;
}

export const testNode = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node1" },
  status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
};

export function clusterIpOf(service: number): string {
  return `10.96.${service >> 8}.${service & 255}`;
}

/** A Node, and ClusterIP Services with one slice each. */
export function makeState({ services, endpoints }: StateShape): readonly object[] {
  const objects: object[] = [testNode];
  for (let s = 0; s < services; s++) objects.push(makeService(s), makeSlice(s, endpoints));
  return objects;
}

function makeService(s: number): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name: `svc-${s}` },
    spec: { clusterIP: clusterIpOf(s), ports: [{ name: "http", port: 80 }] },
  };
}

function makeSlice(s: number, endpoints: number): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "shop", name: `svc-${s}-x`, labels: { "kubernetes.io/service-name": `svc-${s}` } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080 }],
    endpoints: Array.from({ length: endpoints }, (_, e) => ({
      addresses: [`10.${128 + (s >> 8)}.${s & 255}.${e + 1}`],
      nodeName: `node${1 + (e % 2)}`,
    })),
  };
}
