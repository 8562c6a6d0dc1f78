import { compileNode } from "../../compile.ts";
import { createSink, hasErrors } from "../../diagnostics/diagnostic.ts";
import { createSubject } from "../../diagnostics/subject.ts";
import { readEvaluatedHost } from "../../evaluate/host.ts";
import { resolveNodeView } from "../../resolve/node-view.ts";
import type { Script } from "../../tools/script.ts";
import { painter } from "../color.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { readState, type State } from "../read-state.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../render-diagnostics.ts";
import { textsOf } from "../sides/compile-side.ts";
import { type StateFlags, wantedFamilies } from "../state-flags.ts";
import type { Asked } from "./asked.ts";
import { causeInScript } from "./script-causes.ts";
import { knownOf, nodeAddresses, nothingKnown } from "./state-knowledge.ts";

export interface CompiledState {
  readonly state: State;
  readonly script: Script;
}

/** Reads state and compiles it for its node. Ends the command where that cannot be done. */
export async function compileState(
  flags: StateFlags,
  hostAddresses: readonly string[] | undefined,
  tell: (what: string) => void,
): Promise<CompiledState> {
  const more = { families: wantedFamilies(flags.family), origins: true, hostAddresses };
  const state = await readState(flags, more, tell);
  const { cluster, inputs, options, sink } = state;
  tell("compiling");
  const { script } = compileNode(cluster, flags.node, options, sink);
  process.stderr.write(renderDiagnostics(sink.diagnostics, inputs.documents, painter(process.stderr, flags.color)));
  const summary = summarizeDiagnostics(sink.diagnostics);
  if (script !== undefined && !hasErrors(sink.diagnostics)) return { state, script };
  throw new CommandFailure(`${summary}; nothing is explained`, exitCodes.invalidInput);
}

/** The host to ask is the one that would be programmed with this state. */
export async function compiledHost(flags: StateFlags, tell: (what: string) => void): Promise<Asked> {
  const { state, script } = await compileState(flags, undefined, tell);
  const { cluster, inputs } = state;
  // Its problems were reported when it was compiled.
  const view = resolveNodeView(cluster, flags.node, undefined, createSink().reporter(createSubject()));
  if (view === undefined) throw new Error("a node was compiled that is not there");
  tell("reading the rules");
  const host = readEvaluatedHost(textsOf(script, new Map()), {
    nodeAddresses: view.hostAddresses.map(({ text }) => text),
    podRanges: (view.node?.podCidrs ?? []).map(({ text }) => text),
  });
  const known = { ...nothingKnown, ...knownOf(state) };
  const own = nodeAddresses([...Object.values(view.ips), ...view.hostAddresses]);
  return {
    surroundings: { ...known, node: view.name, nodeAddresses: own, host },
    explained: {
      node: view.name,
      mode: cluster.proxyConfiguration.mode,
      host,
      causeOf: causeInScript(script, inputs.documents),
      endpointAt: known.endpointAt,
      assumptions: [],
    },
  };
}
