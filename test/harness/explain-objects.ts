import { type CompileOptions, compileNode, readCluster } from "../../src/compile/compile.ts";
import { createSink, hasErrors } from "../../src/diagnostics/diagnostic.ts";
import { explainServiceOn, type NodePart } from "../../src/explain/explain-service.ts";
import { type NodeFacts, nodeFacts } from "../../src/explain/not-programmed/not-programmed.ts";
import { readTexts, type Texts, textsOfScript } from "../../src/explain/texts.ts";
import { makeNode, makeService, makeSlice, proxyConfiguration } from "./cluster-objects.ts";

/** A node of some objects, compiled with origins. */
export function compileFor(
  objects: readonly object[],
  options: CompileOptions & { readonly config?: object } = {},
): { readonly facts: NodeFacts; readonly texts: Texts } {
  const sink = createSink();
  const { config, ...rest } = options;
  const documents = config === undefined ? objects : [...objects, proxyConfiguration(config)];
  const proxyConfigDocument = config === undefined ? undefined : documents.length - 1;
  const roles = { proxyConfigDocument, overlaysFrom: undefined };
  const cluster = readCluster(documents, roles, rest, sink);
  const { script, plan } = compileNode(cluster, rest.node ?? "node1", { ...rest, origins: true }, sink);
  if (script === undefined || plan === undefined || hasErrors(sink.diagnostics)) {
    throw new Error(sink.diagnostics.map(({ message }) => message).join("; "));
  }
  return { facts: nodeFacts(cluster, plan, documents), texts: readTexts(textsOfScript(script)) };
}

/** The only, or the first, Service of these objects, on node1. */
export function explainFirst(objects: readonly object[], options: Parameters<typeof compileFor>[1] = {}): NodePart {
  const { facts, texts } = compileFor(objects, options);
  const [service] = facts.cluster.services;
  if (service === undefined) throw new Error("no Service");
  return explainServiceOn(service, facts, texts);
}

/** `reason | what | why` of each omission. */
export function omissionsOf(...given: Parameters<typeof explainFirst>): readonly string[] {
  return explainFirst(...given).omissions.map(({ reason, what, why }) => `${reason} | ${what} | ${why}`);
}

export function node(name = "node1", more: object = {}): object {
  return { ...makeNode({ name }), ...more };
}

export function zonedNode(zone: string): object {
  return makeNode({ labels: { "topology.kubernetes.io/zone": zone } });
}

export function service(spec: object = {}, more: object = {}): object {
  const ports = [{ name: "http", port: 80, targetPort: 8080 }];
  return { ...makeService("web", { clusterIP: "10.96.0.20", ports, ...spec }), ...more };
}

export function slice(endpoints: readonly object[], more: object = {}): object {
  return { ...makeSlice("web", { endpoints, name: "web-1" }), ...more };
}

export const here = { addresses: ["10.0.1.5"], nodeName: "node1" };
export const there = { addresses: ["10.0.2.6"], nodeName: "node2" };
/** So that nothing is said of pods that cannot be told. */
export const clusterCidr = { clusterCIDR: "10.0.0.0/16" };
