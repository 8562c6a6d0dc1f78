import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createSink } from "../../../src/diagnostics/diagnostic.ts";
import { simulateDocuments } from "../../../src/simulate/simulate-documents.ts";
import { fieldsRead, type Shape } from "../../../src/snapshot/fields-read.ts";
import { makeSnapshot } from "../../../src/snapshot/make-snapshot.ts";
import { printSnapshot } from "../../../src/snapshot/print-snapshot.ts";
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

describe("redacted, free text", () => {
  const redact = createRedactor((text) => createHmac("sha256", "key").update(text).digest("hex"));
  const secret = "Project Xylo, call_0815!";
  const leaked = /project|xylo|0815/i;

  /** An object of each kind with a secret as the value of every field that a snapshot may keep, whatever its type is. */
  const filled = (shape: Shape, value: unknown): unknown => {
    if (shape === "all") return value;
    return Object.fromEntries(Object.entries(shape).map(([field, inner]) => [field, filled(inner, value)]));
  };
  const kinds = [...fieldsRead].map(([name, shape]) => [name, shape] as const);
  const values: Readonly<Record<string, unknown>> = {
    "a text": secret,
    "a word": "xylo",
    "a host with a port": "db.xylo.example:10256",
    "a list": [secret, "xylo"],
    "a mapping": { [secret]: secret, "xylo/0815": "xylo" },
    "mappings in a list": [{ [secret]: [secret] }],
  };

  test.each(kinds.flatMap(([kind, shape]) => Object.keys(values).map((name) => [kind, name, shape] as const)))(
    "%s holds nothing of %s",
    (kind, name, shape) => {
      const [apiVersion, kindName] = kind.split(" ");
      const value = values[name];
      const fields = shape === "all" ? configurationWith(value) : (filled(shape, value) as object);
      const redacted = redact({ ...fields, apiVersion, kind: kindName });
      expect(JSON.stringify(redacted)).not.toMatch(leaked);
    },
  );

  function configurationWith(value: unknown): object {
    const names = "hostnameOverride bindAddress healthzBindAddress metricsBindAddress clusterCIDR mode detectLocalMode";
    const fields = `${names} nodePortAddresses addresses metadata portRange featureGates iptables ipvs detectLocal other`;
    return Object.fromEntries(fields.split(" ").map((field) => [field, value]));
  }

  test("of annotations, the words that mean something are kept", () => {
    const annotations = {
      "portolan/suppress": "vip-shared, project-xylo",
      "portolan/simulated": "spec.clusterIP,xylo",
      "service.kubernetes.io/topology-mode": "Auto",
    };
    const object = { apiVersion: "v1", kind: "Service", metadata: { name: "a", namespace: "b", annotations } };
    const text = JSON.stringify(redact(object));
    expect(text).toContain('"portolan/suppress":"vip-shared, ');
    expect(text).toContain('"portolan/simulated":"spec.clusterIP,');
    expect(text).toContain('"Auto"');
    expect(text).not.toMatch(leaked);
  });

  test("what is a fault in a name is one still, and the same text is the same", () => {
    const named = (name: string) => redact({ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "b" } });
    const nameOf = (object: unknown): string => (object as { metadata: { name: string } }).metadata.name;
    expect(nameOf(named("Web_2 é"))).toMatch(/^[A-P][a-p]{2}_\d é$/);
    expect(named("Web_2")).toEqual(named("Web_2"));
    expect(named("Web_2")).not.toEqual(named("Web_3"));
  });
});
