import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { type StateFlags, wantedFamilies } from "../../cli/program/state-flags.ts";
import { compileNode } from "../../compile/compile.ts";
import { readEvaluatedHost } from "../../datapath/host.ts";
import { createSink, createSubject, hasErrors } from "../../diagnostics/diagnostic.ts";
import type { ExplainedHost } from "../../explain/packet/explain-packet.ts";
import type { Surroundings } from "../../explain/packet/question.ts";
import { resolveNodeView } from "../../plan/forwarding/node-view.ts";
import { type ColorChoice, painter, renderDiagnostics, summarizeDiagnostics } from "../../report/diagnostics.ts";
import { readState, type State } from "../read-state.ts";
import { textsOf } from "../sides/compile-side.ts";
import { causesIn } from "./rule-causes.ts";
import { knownOf, nodeAddresses } from "./state-knowledge.ts";

/** The host to ask is the one that would be programmed with this state. */
export async function compiledHost(flags: StateFlags, tell: (what: string) => void): Promise<Asked> {
  const state = await readState(flags, { families: wantedFamilies(flags.family), origins: true }, tell);
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
  const causes = causesIn(script, state.inputs.documents);
  const known = knownOf(state);
  const own = nodeAddresses([...Object.values(view.ips), ...view.hostAddresses]);
  return {
    surroundings: { ...known, node: view.name, nodeAddresses: own, host },
    explained: {
      node: view.name,
      mode: cluster.proxyConfiguration.mode,
      host,
      causesTo: () => causes,
      endpointAt: known.endpointAt,
      assumptions: [],
    },
  };
}

/** Shows what is wrong with state on stderr. Ends the command where that is an error. */
export function tellDiagnostics({ sink: { diagnostics }, inputs }: State, color: ColorChoice): void {
  process.stderr.write(renderDiagnostics(diagnostics, inputs.documents, painter(process.stderr, color)));
  if (!hasErrors(diagnostics)) return;
  throw new CommandFailure(`${summarizeDiagnostics(diagnostics)}; nothing is explained`, exitCodes.invalidInput);
}

/** A host to ask, and what names in a question about it mean. */
export interface Asked {
  readonly explained: ExplainedHost;
  readonly surroundings: Surroundings;
}
