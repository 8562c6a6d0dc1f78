import { createSink, hasErrors } from "../diagnostics/diagnostic.ts";
import { type ListedState, listState } from "../simulate/simulate.ts";
import { makeSnapshot, type SnapshotObject } from "../snapshot/make-snapshot.ts";
import { createRedactor } from "../snapshot/redact.ts";
import type { DiagnosticGroup, Effects } from "./effects.ts";
import { readRequestedInputs, readState, valuesOf, withoutOverridden } from "./read-state.ts";
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

export interface SnapshotRequest extends StateRequest {
  readonly pods: boolean;
  /** Makes a keyed hash for these objects: it replaces names and addresses. */
  readonly redaction?: ((objects: readonly SnapshotObject[]) => (text: string) => string) | undefined;
}

export interface SnapshotResult extends DiagnosticGroup {
  /** Undefined if the input cannot be read. */
  readonly objects: readonly SnapshotObject[] | undefined;
}

/** Reads a state and keeps the fields that rules depend on. `check` reports the problems of its objects. */
export async function takeSnapshot(request: SnapshotRequest, effects: Effects): Promise<SnapshotResult> {
  const sink = createSink();
  const need = request.pods ? "pods" : "rules";
  const inputs = await readRequestedInputs(request, { sink, need }, effects);
  const { diagnostics } = sink;
  const group = { diagnostics, documents: inputs.documents };
  if (hasErrors(diagnostics)) return { ...group, objects: undefined };
  const read = makeSnapshot(withoutOverridden(inputs));
  const chosen = request.pods ? read : read.filter(({ kind }) => kind !== "Pod");
  const { redaction } = request;
  if (redaction === undefined) return { ...group, objects: chosen };
  const redact = createRedactor(redaction(chosen));
  return { ...group, objects: makeSnapshot(chosen.map(({ value }) => redact(value))) };
}
