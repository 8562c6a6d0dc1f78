import { compileNode } from "../../compile/compile.ts";
import type { ReadState } from "../../compile/read-objects.ts";
import { readEvaluatedHost } from "../../datapath/host.ts";
import { createSink, createSubject } from "../../diagnostics/diagnostic.ts";
import { textsOf } from "../../diff/compile-side.ts";
import { resolveNodeView } from "../../plan/forwarding/node-view.ts";
import type { ExplainedHost } from "./explain-packet.ts";
import type { Surroundings } from "./question.ts";
import { causesTo } from "./rule-causes.ts";
import { knownOf, nodeAddresses } from "./state-knowledge.ts";

/** A host to ask, and what names in a question about it mean. */
export interface PacketQuery {
  readonly explained: ExplainedHost;
  readonly context: Surroundings;
}

/** The host to ask is the one that would be programmed with this state. Undefined: the state's sink says why not. */
export function compiledQuery(state: ReadState, node: string | undefined): PacketQuery | undefined {
  const { cluster, options, sink } = state;
  const { script } = compileNode(cluster, node, options, sink);
  if (script === undefined) return undefined;
  // Its problems were reported when it was compiled.
  const view = resolveNodeView(cluster, node, {}, createSink().reporter(createSubject()));
  if (view === undefined) throw new Error("the compiled node does not exist");
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
      causesTo: causesTo(state, node),
      endpointAt: known.endpointAt,
      assumptions: [],
    },
  };
}
