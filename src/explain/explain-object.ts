import { compileNode, type ReadState, readStateOfObjects, type StateOptions } from "../compile/compile.ts";
import { type Diagnostic, hasErrors } from "../diagnostics/diagnostic.ts";
import { originOf } from "../diagnostics/place.ts";
import { explainNode, type NodeExplanation } from "./explain-node.ts";
import { explainServiceOn, type NodePart, type ObjectExplanation } from "./explain-service.ts";
import { explainSlicesOn } from "./explain-slice.ts";
import { foldNodes } from "./explanation.ts";
import { type NodeFacts, nodeFacts } from "./not-programmed/not-programmed.ts";
import { readTexts, type Texts, textsOfScript } from "./texts.ts";

/** Which object; a Node has no namespace. */
export interface ObjectName {
  readonly kind: "Service" | "EndpointSlice" | "Endpoints" | "Node";
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface ObjectAnswer {
  /** Undefined where there are errors, or no such object. */
  readonly explanation: ObjectExplanation | NodeExplanation | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Explains which lines of each node are generated because of an object, and which are not, with the reasons. Without
 * `options.node`, for every Node.
 *
 * @example
 * ```ts
 * import { explainObject } from "portolan";
 *
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } };
 * const spec = { clusterIP: "10.96.0.10", ports: [{ port: 80 }] };
 * const web = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec };
 * const { explanation } = explainObject([node, web], { kind: "Service", namespace: "default", name: "web" });
 * console.log(explanation.object, explanation.parts.map(({ nodes }) => nodes)); // "Service default/web" [["node1"]]
 * console.log(explanation.parts[0].lines.every(({ text }) => text.includes("10.96.0.10"))); // true
 * ```
 */
export function explainObject(objects: readonly unknown[], name: ObjectName, options: StateOptions = {}): ObjectAnswer {
  const state = readStateOfObjects(objects, { ...options, origins: true });
  const { diagnostics } = state.sink;
  const explanation = hasErrors(diagnostics) ? undefined : explain(state, name, options.node);
  return { explanation: hasErrors(diagnostics) ? undefined : explanation, diagnostics };
}

function explain(state: ReadState, name: ObjectName, node: string | undefined): ObjectAnswer["explanation"] {
  switch (name.kind) {
    case "Node": {
      const compiled = compileOn(state, name.name);
      return compiled && explainNode(compiled.facts, compiled.texts);
    }
    case "Service":
      return explainServiceIn(state, name, node);
    case "EndpointSlice":
    case "Endpoints":
      return explainSlicesIn(state, name, node);
  }
}

function explainServiceIn(
  state: ReadState,
  { namespace = "default", name }: ObjectName,
  node: string | undefined,
): ObjectExplanation | undefined {
  const service = state.cluster.services.find((one) => one.namespace === namespace && one.name === name);
  if (service === undefined) return undefined;
  return {
    kind: "ServiceExplanation",
    object: `Service ${namespace}/${name}`,
    type: `type ${service.type}`,
    origin: originOf(service.place),
    parts: partsOn(state, node, (facts, texts) => explainServiceOn(service, facts, texts)),
  };
}

function explainSlicesIn(
  state: ReadState,
  { kind, namespace = "default", name }: ObjectName,
  node: string | undefined,
): ObjectExplanation | undefined {
  const ofKind = state.cluster.slices.filter(({ source }) => source === kind);
  const first = ofKind.find((slice) => slice.namespace === namespace && slice.name === name);
  if (first === undefined) return undefined;
  // Endpoints are read into several slices: one for each subset, readiness and family.
  const slices = ofKind.filter(({ place }) => place === first.place);
  return {
    kind: first.source === "EndpointSlice" ? "EndpointSliceExplanation" : "EndpointsExplanation",
    object: `${first.source} ${namespace}/${name}`,
    type: first.service === undefined ? "no Service" : `of Service ${namespace}/${first.service}`,
    origin: originOf(first.place),
    parts: partsOn(state, node, (facts, texts) => explainSlicesOn(slices, facts, texts)),
  };
}

function partsOn(
  state: ReadState,
  node: string | undefined,
  explainOn: (facts: NodeFacts, texts: Texts) => NodePart,
): readonly NodePart[] {
  const { nodes } = state.cluster;
  const names = node === undefined && nodes.length > 1 ? nodes.map((one) => one.name).sort() : [node];
  const compiled = names.map((name) => compileOn(state, name)).filter((one) => one !== undefined);
  return foldNodes(compiled.map(({ facts, texts }) => explainOn(facts, texts)));
}

function compileOn(
  { cluster, options, sink, inputs }: ReadState,
  node: string | undefined,
): { readonly facts: NodeFacts; readonly texts: Texts } | undefined {
  const { script, plan } = compileNode(cluster, node, options, sink);
  if (script === undefined || plan === undefined) return undefined;
  const values = inputs.documents.map(({ value }) => value);
  return { facts: nodeFacts(cluster, plan, values), texts: readTexts(textsOfScript(script)) };
}
