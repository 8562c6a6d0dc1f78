import { compileNode } from "../../compile/compile.ts";
import { readEvaluatedHost } from "../../datapath/host.ts";
import { createSink, createSubject, hasErrors } from "../../diagnostics/diagnostic.ts";
import type { ExplainedHost } from "../../explain/packet/explain-packet.ts";
import type { Surroundings } from "../../explain/packet/question.ts";
import { resolveNodeView } from "../../plan/forwarding/node-view.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import type { Effects } from "../effects.ts";
import { Failure } from "../failure.ts";
import { readState, type State } from "../read-state.ts";
import { requestedFamilies, type StateRequest } from "../requests.ts";
import { textsOf } from "../sides/compile-side.ts";
import { causesTo } from "./rule-causes.ts";
import { knownOf, nodeAddresses } from "./state-knowledge.ts";

/** The host to ask is the one that would be programmed with this state. */
export async function compiledHost(request: StateRequest, effects: Effects): Promise<PacketQuery> {
  const state = await readState(request, { families: requestedFamilies(request.family) }, effects);
  const { cluster, options, sink } = state;
  effects.onProgress("compiling");
  const { script } = compileNode(cluster, request.node, options, sink);
  reportDiagnostics(state, effects);
  if (script === undefined) throw new Error("compiling gave neither a script nor an error");
  // Its problems were reported when it was compiled.
  const view = resolveNodeView(cluster, request.node, {}, createSink().reporter(createSubject()));
  if (view === undefined) throw new Error("the compiled node does not exist");
  effects.onProgress("reading the rules");
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
      causesTo: causesTo(state, request.node),
      endpointAt: known.endpointAt,
      assumptions: [],
    },
  };
}

/** Reports what is wrong with state. Fails where that is an error. */
export function reportDiagnostics({ sink: { diagnostics }, inputs }: State, { onNotice }: Effects): void {
  onNotice({ kind: "diagnostics", groups: [{ diagnostics, documents: inputs.documents }] });
  if (!hasErrors(diagnostics)) return;
  throw new Failure(`${summarizeDiagnostics(diagnostics)}; nothing was explained`, "invalid-input");
}

/** A host to ask, and what names in a question about it mean. */
export interface PacketQuery {
  readonly explained: ExplainedHost;
  readonly context: Surroundings;
}
