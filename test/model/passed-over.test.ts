import { describe, expect, it } from "vitest";
import { compile } from "../../src/index.ts";

/** What is said of an object that is not read. */
function saidOf(apiVersion: string, kind: string): readonly string[] {
  const { diagnostics } = compile([{ apiVersion, kind, metadata: { name: "a" } }], { node: "n" });
  return diagnostics.filter(({ code }) => code !== "node-absent").map(({ code, hint }) => `${code}: ${hint}`);
}

describe("an object of a kind that is not read", () => {
  it.each([
    ["v1", "service", "kind-unknown: did you mean Service of v1?"],
    ["v1", "Servise", "kind-unknown: did you mean Service of v1?"],
    ["v2", "Service", "kind-unknown: did you mean Service of v1?"],
    ["v1", "EndpointSlice", "kind-unknown: did you mean EndpointSlice of discovery.k8s.io/v1?"],
    [
      "kustomize.config.k8s.io/v1beta1",
      "Kustomization",
      "kustomization-not-built: pass -k DIR to run kubectl kustomize",
    ],
  ])("%s %s was meant to be", (apiVersion, kind, said) => {
    expect(saidOf(apiVersion, kind)).toEqual([said]);
  });

  it.each([
    ["serving.knative.dev/v1", "Service"],
    ["v1", "Secret"],
    ["v1", "ServiceAccount"],
    ["apps/v1", "Deployment"],
    ["metrics.k8s.io/v1beta1", "NodeMetrics"],
  ])("%s %s is passed over", (apiVersion, kind) => {
    expect(saidOf(apiVersion, kind)).toEqual([]);
  });
});
