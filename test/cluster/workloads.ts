import { makeService } from "../harness/cluster-objects.ts";
import type { Call } from "./objects.ts";

interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly spec: object;
}

const kinds: readonly Workload[] = [
  { kind: "Deployment", name: "web", spec: { replicas: 5 } },
  { kind: "StatefulSet", name: "sets", spec: { replicas: 2, serviceName: "sets", podManagementPolicy: "Parallel" } },
  { kind: "DaemonSet", name: "agents", spec: {} },
];

const workloads = kinds.map(({ kind, name, spec }) => {
  const labels = { app: name, workload: "yes" };
  const ports = [{ name: "http", containerPort: 8080 }];
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "example.com/main", ports }] } };
  const metadata = { name, namespace: "default" };
  return { apiVersion: "apps/v1", kind, metadata, spec: { ...spec, selector: { matchLabels: labels }, template } };
});

const serviceObjects = kinds.map(({ name }) => {
  const ports = [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }];
  const spec = { ...(name === "sets" ? { clusterIP: "None" } : {}), selector: { app: name }, ports };
  return makeService(name, spec, { namespace: "default" });
});

/** A workload of each kind, and a Service of the same name for each, as manifests. */
export const workloadObjects: readonly object[] = [...workloads, ...serviceObjects];

export async function makeWorkloads(call: Call): Promise<void> {
  for (const object of serviceObjects) await call("POST", "/api/v1/namespaces/default/services", object);
  for (const object of workloads)
    await call("POST", `/apis/apps/v1/namespaces/default/${object.kind.toLowerCase()}s`, object);
}
