import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSink } from "../../../src/diagnostics/diagnostic.ts";
import { simulateDocuments } from "../../../src/simulate/simulate-documents.ts";
import { makeSnapshot } from "../../../src/snapshot/make-snapshot.ts";
import { printSnapshot } from "../../../src/snapshot/print-snapshot.ts";
import { printYaml } from "../../../src/snapshot/print-yaml.ts";
import { createRedactor } from "../../../src/snapshot/redact.ts";
import { documentsIn } from "../../harness/golden-cases.ts";

function snapshotText(values: readonly unknown[]): string {
  return printSnapshot(makeSnapshot(values), "yaml");
}

test("a snapshot holds nothing of what an API server adds", () => {
  const metadata = { name: "web", namespace: "shop", uid: "u", resourceVersion: "7", managedFields: [{}] };
  const given = { apiVersion: "v1", kind: "Service", metadata, spec: { clusterIP: "10.96.0.10" }, status: {} };
  expect(snapshotText([given])).toBe(
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  clusterIP: 10.96.0.10\n",
  );
});

test("an overlay over a snapshot chooses the endpoints that it chooses over the state", () => {
  const pod = (name: string, ready: string, ip: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "shop", name, labels: { app: "web", color: "blue" } },
    spec: { nodeName: "node1", hostname: name, subdomain: "web" },
    status: {
      phase: "Running",
      podIP: ip,
      conditions: [
        { type: "PodScheduled", status: "True" },
        { type: "Ready", status: ready, lastTransitionTime: "2026-01-01T00:00:00Z" },
      ],
    },
  });
  const service = (selector: object) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name: "web" },
    spec: { clusterIP: "10.96.0.1", selector, ports: [{ port: 80 }] },
  });
  const state = [service({ app: "none" }), pod("a", "True", "10.0.0.1"), pod("b", "False", "10.0.0.2")];
  const overlaid = (below: readonly unknown[]): unknown => {
    const roles = { proxyConfigDocument: undefined, overlaysFrom: below.length };
    const documents = [...below, service({ app: "web" })];
    const sink = createSink();
    const request = { roles, options: undefined, held: new Map() };
    return simulateDocuments(documents, request, sink).invented.map(({ value }) => value);
  };
  const slices = overlaid(state) as { endpoints: { conditions: object }[] }[];
  const readiness = [true, false].map((ready) => ({ ready, serving: ready, terminating: false }));
  expect(slices[0]?.endpoints.map(({ conditions }) => conditions)).toEqual(readiness);
  expect(overlaid(documentsIn(snapshotText(state)))).toEqual(slices);
});

test("what is invented stays marked", () => {
  const metadata = { namespace: "shop", name: "web", annotations: { "portolan/simulated": "object" } };
  for (const kind of ["Service", "Pod", "Endpoints"]) {
    expect(snapshotText([{ apiVersion: "v1", kind, metadata }])).toContain("portolan/simulated: object");
  }
});

test("whatever text stands in an object, both formats say it and YAML is read as it was written", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "yes",
      "No",
      "~",
      "0o17",
      "1e3",
      "12:30",
      "- a",
      "#",
      "<<",
      "null",
      "0x1f",
      ".5",
      "1.2.3.4",
      "=",
      "",
    ),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("map")),
    list: fc.array(tie("any"), { maxLength: 4 }),
    map: fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      tie("any"),
      { maxKeys: 4 },
    ),
  })).map;
  fc.assert(
    fc.property(value, (map) => {
      const given = { kind: "Anything", map };
      // Halves of characters are no text that a file could hold.
      const plain: unknown = JSON.parse(Buffer.from(JSON.stringify(given)).toString());
      expect(documentsIn(printYaml(plain))).toEqual([plain]);
    }),
    { numRuns: 300, seed: 7 },
  );
});

describe("redacted", () => {
  const redact = createRedactor((text) => createHmac("sha256", "key").update(text).digest("hex"));
  const metadata = { namespace: "acme", name: "acme" };

  test("a node's name may hold an address, and its addresses stay addresses", () => {
    const types = ["InternalIP", "InternalIP", "InternalIP", "Hostname", "InternalDNS"];
    const texts = ["10.0.1.5", "169.254.1.1", "fe80::1", "acme-10.0.1.5", "acme-10.0.1.5.acme.com"];
    const addresses = texts.map((address, index) => ({ type: types[index], address }));
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "acme-10.0.1.5" }, status: { addresses } };
    const redacted = redact(node) as typeof node;
    const [first, ...rest] = redacted.status.addresses.map(({ address }) => address);
    expect(first).toMatch(/^10\.[\d.]+$/);
    expect(rest.slice(0, 3)).toEqual(["169.254.1.1", "fe80::1", redacted.metadata.name]);
    expect(JSON.stringify(redacted)).not.toMatch(/acme|10\.0\.1\.5/);
  });

  test("other proxies, protocols, host names, interfaces are names", () => {
    const ports = [
      { name: "acme", port: 80, appProtocol: "acme.com/acme" },
      { port: 81, appProtocol: "https" },
    ];
    const labels = { "service.kubernetes.io/service-proxy-name": "acme" };
    const spec = { ports, externalName: "10.11.12.13" };
    const service = { apiVersion: "v1", kind: "Service", metadata: { ...metadata, labels }, spec };
    const endpoints = [{ addresses: ["db.acme.com"] }, { addresses: ["10.0.0.999"] }];
    const slice = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata, ports, endpoints };
    const configuration = {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      metadata,
      detectLocal: { bridgeInterface: "acme0", interfaceNamePrefix: "cali" },
    };
    const text = JSON.stringify([service, slice, configuration].map(redact));
    expect(text).not.toMatch(/acme|10\.11\.12/);
    expect(text).toMatch(/"service-proxy-name":"v-|"appProtocol":"https"/);
    expect(text).toMatch(/"10\.0\.0\.999".*"cali"/);
  });
});
