import { hasErrors } from "../diagnostics/diagnostic.ts";
import { type ListedState, listState } from "../simulate/list-state.ts";
import type { DiagnosticGroup, Effects } from "./effects.ts";
import { readState, valuesOf } from "./read-state.ts";
import { requestedFamilies, type StateRequest } from "./requests.ts";

export interface SimulateResult extends DiagnosticGroup {
  /** The whole state; undefined where there are errors. */
  readonly state: ListedState | undefined;
}

/** Fills in what plain manifests lack. */
export async function simulateState(request: StateRequest, effects: Effects): Promise<SimulateResult> {
  const more = { families: requestedFamilies(request.family) };
  const { inputs, sink } = await readState({ ...request, simulate: true }, more, effects);
  const { diagnostics } = sink;
  const state = hasErrors(diagnostics) ? undefined : listState(valuesOf(inputs), inputs);
  return { state, diagnostics, documents: inputs.documents };
}
