/** The builder of cluster objects: plain, as JSON.parse gives them; only the fields that matter. */

/** An object as an API server keeps it. */
export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface NodeShape {
  readonly name?: string;
  readonly address?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function makeNode({ name = "node1", address = "192.0.2.10", labels }: NodeShape = {}): StoredObject {
  const metadata = { name, ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: "v1", kind: "Node", metadata, status: { addresses: [{ type: "InternalIP", address }] } };
}

/** node1, as most tests have it. */
export const testNode = makeNode();

/** In the namespace shop, unless `metadata` names another. */
export function makeService(name: string, spec: object, metadata: object = {}): StoredObject {
  return { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name, ...metadata }, spec };
}

/** What a load balancer reports: the status of a Service. */
export const balancedAt = (ip: string) => ({ status: { loadBalancer: { ingress: [{ ip }] } } });

export interface SliceShape {
  /** Addresses, or whole endpoints. */
  readonly endpoints: readonly (string | object)[];
  /** Of the endpoints that are addresses. */
  readonly nodeOf?: (address: string) => string;
  readonly name?: string;
  readonly namespace?: string;
  /** Empty: of a Service whose only port has no name. */
  readonly portName?: string;
}

/** The EndpointSlice of an IPv4 Service with one port. */
export function makeSlice(service: string, shape: SliceShape): StoredObject {
  const { endpoints, nodeOf = () => "node1", name = `${service}-x`, namespace = "shop", portName = "http" } = shape;
  const endpointAt = (address: string) => ({ addresses: [address], nodeName: nodeOf(address) });
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports: [{ name: portName, port: 8080 }],
    endpoints: endpoints.map((one) => (typeof one === "string" ? endpointAt(one) : one)),
  };
}

export function proxyConfiguration(fields: object): object {
  return { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration", ...fields };
}

export interface StateShape {
  readonly services: number;
  /** Endpoints of each Service; on two nodes in turn. */
  readonly endpoints: number;
}

export function clusterIpOf(service: number): string {
  return `10.96.${service >> 8}.${service & 255}`;
}

/** ClusterIP Services svc-0, svc-1 ... */
export function manyServices(count: number): readonly StoredObject[] {
  return Array.from({ length: count }, (_, s) =>
    makeService(`svc-${s}`, { clusterIP: clusterIpOf(s), ports: [{ name: "http", port: 80 }] }),
  );
}

/** A Node, and many Services with one slice each. */
export function makeState({ services, endpoints }: StateShape): readonly object[] {
  const sliceOf = (s: number) =>
    makeSlice(`svc-${s}`, {
      endpoints: Array.from({ length: endpoints }, (_, e) => `10.${128 + (s >> 8)}.${s & 255}.${e + 1}`),
      nodeOf: (address) => `node${2 - (Number(address.split(".")[3]) % 2)}`,
    });
  return [testNode, ...manyServices(services).flatMap((service, s) => [service, sliceOf(s)])];
}

/** The same in another order, always the same one. */
export function shuffled<T>(values: readonly T[]): readonly T[] {
  return values
    .map((value, index) => ({ value, rank: (index * 7919 + 13) % 1009 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
