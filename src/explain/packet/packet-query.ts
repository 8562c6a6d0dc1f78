import { compileNode, type ReadState } from "../../compile/compile.ts";
import { createSink, createSubject } from "../../diagnostics/diagnostic.ts";
import { textsOf } from "../../diff/compile-side.ts";
import { readEvaluatedHost } from "../../languages/evaluated-host.ts";
import { type IpAddress, isLoopback } from "../../model/address.ts";
import { flattenDocuments } from "../../model/flatten-documents.ts";
import { resolveNodeView } from "../../plan/forwarding/node-view.ts";
import type { ExplainedHost } from "./explain-packet.ts";
import { findPods, type KnownPod } from "./find-pods.ts";
import type { Surroundings } from "./question.ts";
import { causesIn } from "./rule-causes.ts";

/** Names and addresses in the state, the same for all nodes. */
export type StateKnowledge = Pick<Surroundings, "services" | "nodes" | "portsAt" | "pods" | "isTaken"> &
  Pick<ExplainedHost, "endpointAt">;

export const nothingKnown: StateKnowledge = {
  services: () => [],
  nodes: [],
  portsAt: () => [],
  pods: () => new Map(),
  isTaken: () => false,
  endpointAt: () => undefined,
};

/** Pods are only searched when a request names one. */
export function knownOf({ cluster, inputs }: ReadState): StateKnowledge {
  let byName: ReadonlyMap<string, KnownPod> | undefined;
  let byAddress: ReadonlyMap<string, KnownPod> | undefined;
  const pods = (): ReadonlyMap<string, KnownPod> => {
    const values = inputs.documents.slice(0, inputs.valueCount).map(({ value }) => value);
    byName ??= findPods(flattenDocuments(values, createSink()));
    return byName;
  };
  return {
    services: () => cluster.services,
    nodes: cluster.nodes,
    portsAt: (address) => {
      const own = cluster.slices.filter(({ endpoints }) => endpoints.some(({ ip }) => ip === address));
      return [...new Set(own.flatMap(({ ports }) => ports.flatMap(({ port }) => port ?? [])))];
    },
    pods,
    isTaken: (address) =>
      cluster.slices.some(({ endpoints }) => endpoints.some(({ ip }) => ip === address)) ||
      cluster.nodes.some(({ addresses }) => addresses.some(({ ip }) => ip.text === address)),
    endpointAt: (target) => {
      byAddress ??= new Map([...pods().values()].flatMap((pod) => pod.addresses.map(({ text }) => [text, pod])));
      const pod = byAddress.get(target.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"));
      return pod && { pod: `${pod.namespace}/${pod.name}`, node: pod.node };
    },
  };
}

/** The source addresses of a node: the first of each family. */
export function nodeAddresses(addresses: readonly IpAddress[]): Surroundings["nodeAddresses"] {
  const own: Partial<Record<IpAddress["family"], string>> = {};
  for (const address of addresses) if (!isLoopback(address)) own[address.family] ??= address.text;
  return own;
}

/** The host to trace on, and the meaning of names in the request. */
export interface PacketQuery {
  readonly explained: ExplainedHost;
  readonly context: Surroundings;
}

/** A query for the host that would be programmed with this state. Undefined: the state's sink contains the reason. */
export function compiledQuery(state: ReadState, node: string | undefined): PacketQuery | undefined {
  const { cluster, options, sink } = state;
  const { script } = compileNode(cluster, node, { ...options, origins: true }, sink);
  if (script === undefined) return undefined;
  // Its problems were reported when it was compiled.
  const view = resolveNodeView(cluster, node, options, createSink().reporter(createSubject()));
  if (view === undefined) throw new Error("the compiled node does not exist");
  const causes = causesIn(script, state.inputs.documents);
  const host = readEvaluatedHost(textsOf(script, new Map()), {
    nodeAddresses: view.hostAddresses.map(({ text }) => text),
    podRanges: (view.node?.podCidrs ?? []).map(({ text }) => text),
  });
  const known = knownOf(state);
  const own = nodeAddresses([...Object.values(view.ips), ...view.hostAddresses]);
  return {
    context: { ...known, node: view.name, nodeAddresses: own, host },
    explained: {
      node: view.name,
      mode: cluster.proxyConfiguration.mode,
      host,
      causesTo: () => causes,
      services: known.services,
      endpointAt: known.endpointAt,
      assumptions: [],
    },
  };
}
