import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { checkCluster } from "../../src/check/state/check-cluster.ts";
import { compile } from "../../src/compile/compile.ts";
import { createSink } from "../../src/diagnostics/diagnostic.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";
import { isRecord } from "../../src/model/fields/fields.ts";
import { simulateDocuments } from "../../src/simulate/simulate-documents.ts";
import { makeSnapshot } from "../../src/snapshot/make-snapshot.ts";
import { printSnapshot } from "../../src/snapshot/print-snapshot.ts";
import { printYaml } from "../../src/snapshot/print-yaml.ts";
import { createRedactor } from "../../src/snapshot/redact.ts";
import { shuffled } from "./shuffled.ts";

const golden = new URL("../../golden/", import.meta.url);
const cases = readdirSync(golden).filter((name) => existsSync(new URL(`${name}/cluster.yaml`, golden)));

function valuesIn(name: string): readonly unknown[] {
  const files = ["cluster.yaml", "kube-proxy.yaml"].map((file) => new URL(`${name}/${file}`, golden));
  return files.filter((file) => existsSync(file)).flatMap((file) => read(readFileSync(file, "utf8")));
}

function read(text: string): readonly unknown[] {
  return readDocuments({ name: "snapshot.yaml", text }).documents.map(({ value }) => value);
}

function snapshotText(values: readonly unknown[]): string {
  return printSnapshot(makeSnapshot(values), "yaml");
}

/** What a compilation for the first node writes, in each mode; undefined where it refuses. */
function textsOf(values: readonly unknown[], node?: string): readonly (string | undefined)[] {
  const decoder = new TextDecoder();
  return (["iptables", "ipvs"] as const).map((mode) => {
    const { script } = compile(values, { mode, node: node ?? firstNode(values) });
    return script?.steps.map(({ argv, stdin }) => `${argv.join(" ")}\n${decoder.decode(stdin)}`).join("\n");
  });
}

function firstNode(values: readonly unknown[]): string | undefined {
  const [node] = makeSnapshot(values).filter(({ kind }) => kind === "Node");
  return node?.name;
}

describe("of every golden case", () => {
  it.each(cases)("%s: the snapshot compiles to what the case compiles to, in any order of the input", (name) => {
    const values = valuesIn(name);
    const text = snapshotText(values);
    expect(snapshotText(shuffled(values))).toBe(text);
    expect(textsOf(read(text))).toEqual(textsOf(values));
    expect(snapshotText(read(text))).toBe(text);
  });

  it.each(cases)("%s: check finds in the snapshot what it finds in the case", (name) => {
    const values = valuesIn(name);
    // Of fields that no API server would keep there is nothing in a snapshot.
    const codes = (documents: readonly unknown[]): readonly string[] =>
      findings(documents).filter((code) => !code.startsWith("field-unknown"));
    expect(codes(read(snapshotText(values)))).toEqual(codes(values));
  });

  it.each(cases)("%s: the redacted snapshot compiles to as many lines", (name) => {
    const values = valuesIn(name);
    const redact = createRedactor((text) => createHmac("sha256", "key").update(text).digest("hex"));
    const nodes = makeSnapshot(values).filter(({ kind }) => kind === "Node");
    const [node] = nodes.map(({ value }) => redact(value));
    const nodeName = isRecord(node) && isRecord(node.metadata) ? String(node.metadata.name) : undefined;
    const redacted = makeSnapshot(values).map(({ value }) => redact(value));
    const counts = (texts: readonly (string | undefined)[]) => texts.map((text) => text?.split("\n").length);
    expect(counts(textsOf(redacted, nodeName))).toEqual(counts(textsOf(values)));
  });
});

function findings(documents: readonly unknown[]): readonly string[] {
  const sink = createSink();
  const roles = { proxyConfigDocument: undefined, overlaysFrom: undefined };
  checkCluster({ documents, roles, options: {}, node: undefined }, sink);
  // Which of two that clash is told of hangs on the order of the input.
  return sink.diagnostics.map(({ code }) => code).sort();
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
  expect(overlaid(read(snapshotText(state)))).toEqual(slices);
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
      expect(read(printYaml(plain))).toEqual([plain]);
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
