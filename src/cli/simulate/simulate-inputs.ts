import type { Sink } from "../../diagnostics/diagnostic.ts";
import { hasErrors } from "../../diagnostics/diagnostic.ts";
import type { Origin } from "../../diagnostics/place.ts";
import type { Inputs } from "../../host/sources/read-inputs.ts";
import type { SourceDocument } from "../../host/sources/source.ts";
import type { Holdings } from "../../simulate/allocate.ts";
import type { SimulateOptions } from "../../simulate/options.ts";
import { simulateDocuments } from "../../simulate/simulate-documents.ts";

export interface SimulatedInputs {
  readonly inputs: Inputs;
  readonly held: Holdings;
}

/**
 * Inputs with what a cluster would add to them. Documents keep their numbers; invented objects come after them, each
 * with the place of the object it was made for. Inputs that could not be read stay as they are.
 */
export function simulateInputs(
  inputs: Inputs,
  { options, held }: { readonly options: SimulateOptions | undefined; readonly held: Holdings },
  sink: Sink,
): SimulatedInputs {
  if (hasErrors(sink.diagnostics)) return { inputs, held };
  const { documents, valueCount } = inputs;
  const values = documents.slice(0, valueCount).map(({ value }) => value);
  const simulated = simulateDocuments(values, { roles: inputs, options, held }, sink);
  const given = documents.map((document, number) => ({
    ...document,
    value: number < valueCount ? simulated.documents[number] : emptyList,
  }));
  const made = simulated.invented.map(({ value, origin }) => madeDocument(value, origin, documents));
  const all = [...given, ...made];
  const recomputed = new Set([...simulated.recomputed].map((key) => `Service ${key}`));
  return { inputs: { ...inputs, documents: all, valueCount: all.length, recomputed }, held: simulated.held };
}

/** What marks a warning about a text has no value; now it stands among those that have. */
const emptyList = { apiVersion: "v1", kind: "List", items: [] };

function madeDocument(
  value: unknown,
  origin: Origin | undefined,
  documents: readonly SourceDocument[],
): SourceDocument {
  const within = origin === undefined ? undefined : documents[origin.document];
  if (within === undefined || origin === undefined) {
    return { value, source: { name: "(simulated)", text: "" }, form: { kind: "none" } };
  }
  return { value, source: within.source, form: { kind: "made", within, path: origin.path } };
}
