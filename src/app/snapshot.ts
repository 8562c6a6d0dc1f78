import { createSink, hasErrors } from "../diagnostics/diagnostic.ts";
import type { Inputs } from "../host/files/read-inputs.ts";
import { isRecord } from "../model/fields/fields.ts";
import { makeSnapshot, type SnapshotObject } from "../snapshot/make-snapshot.ts";
import { createRedactor } from "../snapshot/redact.ts";
import type { DiagnosticGroup, Effects } from "./effects.ts";
import { readRequestedInputs, valuesOf } from "./read-state.ts";
import type { StateRequest } from "./requests.ts";

export interface SnapshotRequest extends StateRequest {
  readonly pods: boolean;
  /** Makes a keyed hash for these objects: names and addresses are replaced by it. */
  readonly redaction?: ((objects: readonly SnapshotObject[]) => (text: string) => string) | undefined;
}

export interface SnapshotResult extends DiagnosticGroup {
  /** Undefined where the input cannot be read. */
  readonly objects: readonly SnapshotObject[] | undefined;
}

/** Reads a state and keeps what rules depend on. What is wrong with its objects is for `check` to say. */
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

/** Where --proxy-config gives the configuration, it is the only one. */
function withoutOverridden(inputs: Inputs): readonly unknown[] {
  const { proxyConfigDocument } = inputs;
  const values = valuesOf(inputs);
  if (proxyConfigDocument === undefined) return values;
  return values.filter(
    (value, number) => number === proxyConfigDocument || !(isRecord(value) && value.kind === "KubeProxyConfiguration"),
  );
}
