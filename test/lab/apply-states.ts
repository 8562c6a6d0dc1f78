interface Shape {
  readonly name: string;
  readonly endpoints: readonly string[];
  readonly type?: "NodePort" | "LoadBalancer";
}

const node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node1" },
  status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
};

/** Each name has a number, and so the same addresses in every state. */
const names = ["new", "old", "web"];

/** Two states of one cluster, for tests that lead a host from one to the other. */
export const firstState = clusterOf([
  { name: "web", endpoints: ["10.244.1.5"], type: "NodePort" },
  { name: "old", endpoints: [] },
]);
export const secondState = clusterOf([
  { name: "web", endpoints: ["10.244.1.5", "10.244.1.6"], type: "NodePort" },
  { name: "new", endpoints: ["10.244.1.7"], type: "LoadBalancer" },
]);

function clusterOf(shapes: readonly Shape[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: [node, ...shapes.flatMap(objectsOf)] });
}

function objectsOf({ name, endpoints, type }: Shape): readonly object[] {
  const number = names.indexOf(name) + 1;
  const nodePort = type === undefined ? {} : { nodePort: 30_080 + number };
  const isBalanced = type === "LoadBalancer";
  const spec = {
    type: type ?? "ClusterIP",
    clusterIP: `10.96.0.${number}`,
    ports: [{ name: "http", port: 80, ...nodePort }],
    ...(isBalanced ? { loadBalancerSourceRanges: ["198.51.100.0/24"] } : {}),
  };
  const status = isBalanced ? { status: { loadBalancer: { ingress: [{ ip: `203.0.113.${number}` }] } } } : {};
  return [
    { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name }, spec, ...status },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: "shop", name: `${name}-x`, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080 }],
      endpoints: endpoints.map((address) => ({ addresses: [address], nodeName: "node2" })),
    },
  ];
}
