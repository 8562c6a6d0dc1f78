import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSink } from "../../src/diagnostics/diagnostic.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";
import { flattenDocuments } from "../../src/model/flatten-documents.ts";
import type { StoredObject } from "./cluster-objects.ts";
import { caseFolder } from "./golden-cases.ts";

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

/** Those of a golden case. */
export function storedCase(name: string): readonly StoredObject[] {
  return stored(readFileSync(join(caseFolder(name), "cluster.yaml"), "utf8"));
}

/** The ConfigMap in which kubeadm keeps kube-proxy's configuration. */
export function proxyConfigMap(text: string): StoredObject {
  const metadata = { name: "kube-proxy", namespace: "kube-system" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "config.conf": text, "kubeconfig.conf": "" } };
}
