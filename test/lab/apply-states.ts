import { balancedAt, makeService, makeSlice, testNode } from "../harness/cluster-objects.ts";

interface Shape {
  readonly name: string;
  readonly endpoints: readonly string[];
  readonly type?: "NodePort" | "LoadBalancer";
}

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
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: [testNode, ...shapes.flatMap(objectsOf)] });
}

function objectsOf({ name, endpoints, type }: Shape): readonly object[] {
  const number = names.indexOf(name) + 1;
  const nodePort = type === undefined ? {} : { nodePort: 30_080 + number };
  const isBalanced = type === "LoadBalancer";
  const service = makeService(name, {
    type: type ?? "ClusterIP",
    clusterIP: `10.96.0.${number}`,
    ports: [{ name: "http", port: 80, ...nodePort }],
    ...(isBalanced ? { loadBalancerSourceRanges: ["198.51.100.0/24"] } : {}),
  });
  const status = isBalanced ? balancedAt(`203.0.113.${number}`) : {};
  return [{ ...service, ...status }, makeSlice(name, { endpoints, nodeOf: () => "node2" })];
}
