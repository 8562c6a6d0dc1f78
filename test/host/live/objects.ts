import { readFileSync } from "node:fs";
import { createSink } from "../../../src/diagnostics/diagnostic.ts";
import { readDocuments } from "../../../src/model/documents/read-documents.ts";
import { flattenDocuments } from "../../../src/model/flatten-documents.ts";
import type { StoredObject } from "./fake-api.ts";

/** The objects of a YAML text as an API server would keep them: with what every stored object has. */
export function stored(text: string): readonly StoredObject[] {
  const values = readDocuments({ name: "cluster.yaml", text }).documents.map(({ value }) => value);
  return flattenDocuments(values, createSink()).map(({ value, kind, apiVersion }, index) => ({
    ...value,
    apiVersion,
    kind,
    metadata: {
      ...(value.metadata as Readonly<Record<string, unknown>>),
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      resourceVersion: String(100 + index),
      creationTimestamp: "2026-11-01T08:00:00Z",
      managedFields: [{ manager: "kubectl", operation: "Update", time: "2026-11-01T08:00:00Z" }],
    },
  }));
}

/** Those of a golden case, with its kube-proxy configuration in the ConfigMap that kubeadm makes. */
export function storedCase(name: string): readonly StoredObject[] {
  const folder = new URL(`../../../golden/${name}/`, import.meta.url);
  return stored(readFileSync(new URL("cluster.yaml", folder), "utf8"));
}

export function proxyConfigMap(text: string): StoredObject {
  const metadata = { name: "kube-proxy", namespace: "kube-system" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "config.conf": text, "kubeconfig.conf": "" } };
}

export const testNode: StoredObject = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node1" },
  status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
};

export function manyServices(count: number): readonly StoredObject[] {
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `svc-${index}`, namespace: "shop" },
    spec: { clusterIP: `10.96.${index >> 8}.${index & 255}`, ports: [{ port: 80 }] },
  }));
}
