import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { compiledQuery, type PacketQuery } from "../../explain/packet/packet-query.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import type { Effects } from "../effects.ts";
import { Failure } from "../failure.ts";
import { readState, type State } from "../read-state.ts";
import { requestedFamilies, type StateRequest } from "../requests.ts";

/** The host to ask is the one that would be programmed with this state. */
export async function compiledHost(request: StateRequest, effects: Effects): Promise<PacketQuery> {
  const state = await readState(request, { families: requestedFamilies(request.family) }, effects);
  effects.onProgress("compiling");
  const query = compiledQuery(state, request.node);
  reportDiagnostics(state, effects);
  if (query === undefined) throw new Error("compiling gave neither a script nor an error");
  return query;
}

/** Reports what is wrong with state. Fails where that is an error. */
export function reportDiagnostics({ sink: { diagnostics }, inputs }: State, { onNotice }: Effects): void {
  onNotice({ kind: "diagnostics", groups: [{ diagnostics, documents: inputs.documents }] });
  if (!hasErrors(diagnostics)) return;
  throw new Failure(`${summarizeDiagnostics(diagnostics)}; nothing was explained`, "invalid-input");
}
