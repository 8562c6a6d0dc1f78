import { originOf } from "../../diagnostics/place.ts";
import { explainSlicesOn } from "../../explain/explain-slice.ts";
import { foldNodes } from "../../explain/explanation.ts";
import { isRecord } from "../../model/fields/fields.ts";
import { type Effects, Failure } from "../effects.ts";
import { type Explained, type ExplainRequest, readState, type State } from "./compile-state.ts";
import { findObject, sourceFinder } from "./find-object.ts";
import type { ObjectQuestion } from "./parse-question.ts";

/** `explain endpointslice/NS/NAME` and `explain endpoints/NS/NAME`. */
export async function explainSliceObject(
  question: ObjectQuestion,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  const state = await readState(request, effects);
  const ofKind = state.cluster.slices.filter(({ source }) => source === question.type);
  refuseMirrored(question, state);
  const first = findObject(question, ofKind, "the state");
  // Endpoints are read into several slices: one for each subset, readiness and family.
  const slices = ofKind.filter(({ place }) => place === first.place);
  const parts = state.nodes.map((node) => {
    const { facts, texts } = state.compile(node);
    return explainSlicesOn(slices, facts, texts);
  });
  const object = `${first.source} ${first.namespace}/${first.name}`;
  state.reportAbout((other) => other === object);
  const explanation = {
    kind: first.source === "EndpointSlice" ? "EndpointSliceExplanation" : "EndpointsExplanation",
    object,
    type: first.service === undefined ? "no Service" : `of Service ${first.namespace}/${first.service}`,
    origin: originOf(first.place),
    parts: foldNodes(parts),
  } as const;
  const answer = { kind: "object", explanation, graphs: [], dumpGraph: undefined } as const;
  return { answer, sourceOf: sourceFinder(state.documents) };
}

/** Endpoints of a Service that has slices are not part of the cluster: kube-proxy reads slices only. */
function refuseMirrored({ type, namespace, name }: ObjectQuestion, { cluster, documents }: State): void {
  if (type !== "Endpoints" || cluster.slices.some((s) => s.source === "Endpoints" && s.name === name)) return;
  const isSame = (value: unknown): boolean =>
    isRecord(value) &&
    value.kind === "Endpoints" &&
    isRecord(value.metadata) &&
    value.metadata.name === name &&
    (value.metadata.namespace ?? "default") === namespace;
  const isThere = documents.some(
    ({ value }) => isSame(value) || (isRecord(value) && Array.isArray(value.items) && value.items.some(isSame)),
  );
  if (!isThere) return;
  const message = `Endpoints ${namespace}/${name} have no effect: the Service has EndpointSlices, and kube-proxy reads only these`;
  throw new Failure(message, "invalid-input");
}
