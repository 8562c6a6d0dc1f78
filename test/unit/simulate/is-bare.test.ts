import { describe, expect, it } from "vitest";
import { isBare } from "../../../src/simulate/is-bare.ts";

const service = (spec: object = {}, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { ports: [{ port: 80 }], ...spec },
  ...more,
});
const object = (kind: string, more: object = {}) => ({ apiVersion: "v1", kind, metadata: { name: "x" }, ...more });

describe("bare manifests", () => {
  it.each<[string, readonly unknown[]]>([
    ["a Service", [service()]],
    ["a Service in a List", [{ apiVersion: "v1", kind: "List", items: [service()] }]],
    ["a headless Service", [service({ clusterIP: "None" })]],
    ["a node port that is written by hand", [service({ type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] })]],
    ["what kubectl create --dry-run prints", [service({}, { status: { loadBalancer: {} } })]],
    ["no time of creation", [service({}, { metadata: { name: "web", creationTimestamp: null } })]],
    ["a Deployment and a Pod", [service(), object("Deployment"), object("Pod", { spec: { containers: [] } })]],
    [
      "a configuration",
      [service(), { kind: "KubeProxyConfiguration", apiVersion: "kubeproxy.config.k8s.io/v1alpha1" }],
    ],
    ["values that are no objects", [service(), 5, null]],
  ])("have %s", (_, documents) => {
    expect(isBare(documents)).toBe(true);
  });

  it.each<[string, readonly unknown[]]>([
    ["nothing", []],
    ["no Service", [object("Deployment")]],
    ["a cluster IP", [service({ clusterIP: "10.96.0.10" })]],
    ["cluster IPs", [service({ clusterIPs: ["10.96.0.10"] })]],
    ["a uid", [service({}, { metadata: { name: "web", uid: "1" } })]],
    ["a resource version", [service({}, { metadata: { name: "web", resourceVersion: "7" } })]],
    ["a status", [service({}, { status: { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } } })]],
    ["a Node", [service(), object("Node")]],
    ["an EndpointSlice", [service(), object("EndpointSlice")]],
    ["Endpoints in a typed list", [service(), { apiVersion: "v1", kind: "EndpointsList", items: [{ metadata: {} }] }]],
    ["a pod that is scheduled", [service(), object("Pod", { spec: { nodeName: "node1" } })]],
    ["a Deployment with a status", [service(), object("Deployment", { status: { replicas: 2 } })]],
  ])("are not those with %s", (_, documents) => {
    expect(isBare(documents)).toBe(false);
  });
});
