import { compileNode } from "../../compile.ts";
import { createSink } from "../../diagnostics/diagnostic.ts";
import { createSubject } from "../../diagnostics/subject.ts";
import { readEvaluatedHost } from "../../evaluate/host.ts";
import { resolveNodeView } from "../../resolve/node-view.ts";
import { type StateFlags, wantedFamilies } from "../program/state-flags.ts";
import { readState } from "../read-state.ts";
import { textsOf } from "../sides/compile-side.ts";
import type { Asked } from "./asked.ts";
import { causesTo } from "./rule-causes.ts";
import { knownOf, nodeAddresses } from "./state-knowledge.ts";
import { tellDiagnostics } from "./tell-diagnostics.ts";

/** The host to ask is the one that would be programmed with this state. */
export async function compiledHost(flags: StateFlags, tell: (what: string) => void): Promise<Asked> {
  const state = await readState(flags, { families: wantedFamilies(flags.family) }, tell);
  const { cluster, options, sink } = state;
  tell("compiling");
  const { script } = compileNode(cluster, flags.node, options, sink);
  tellDiagnostics(state, flags.color);
  if (script === undefined) throw new Error("no script, and no error either");
  // Its problems were reported when it was compiled.
  const view = resolveNodeView(cluster, flags.node, {}, createSink().reporter(createSubject()));
  if (view === undefined) throw new Error("a node was compiled that is not there");
  tell("reading the rules");
  const host = readEvaluatedHost(textsOf(script, new Map()), {
    nodeAddresses: view.hostAddresses.map(({ text }) => text),
    podRanges: (view.node?.podCidrs ?? []).map(({ text }) => text),
  });
  const known = knownOf(state);
  const own = nodeAddresses([...Object.values(view.ips), ...view.hostAddresses]);
  return {
    surroundings: { ...known, node: view.name, nodeAddresses: own, host },
    explained: {
      node: view.name,
      mode: cluster.proxyConfiguration.mode,
      host,
      causesTo: causesTo(state, flags.node),
      endpointAt: known.endpointAt,
      assumptions: [],
    },
  };
}
