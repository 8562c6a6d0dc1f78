import { printTarget } from "../../datapath/address-set.ts";
import { createSink } from "../../diagnostics/diagnostic.ts";
import {
  type AddressExplanation,
  type AddressFact,
  type AddressQuestion,
  addressLines,
  factsInLines,
  factsInState,
} from "../../explain/explain-address.ts";
import { foldNodes } from "../../explain/explanation.ts";
import { findPods, type KnownPod } from "../../explain/packet/find-pods.ts";
import { didYouMean } from "../../model/fields/name-map.ts";
import { flattenDocuments } from "../../model/flatten-documents.ts";
import { type Effects, Failure } from "../effects.ts";
import type { Explained, ExplainRequest, State } from "./compile-state.ts";
import { type Evidences, readEvidence } from "./evidence.ts";
import type { ObjectQuestion } from "./parse-question.ts";

/** `explain ADDRESS` and `explain ADDRESS:PORT`: whose it is, and the lines that name it. */
export async function explainAddress(
  question: AddressQuestion,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  const { address, port } = question;
  const subject = port === undefined ? address : printTarget({ address, port });
  const evidences = await readEvidence(request, effects);
  const pods = evidences.state === undefined ? new Map() : podsOf(evidences.state);
  return answer(subject, [question], { evidences, pods });
}

/** `explain pod/NS/NAME`: its addresses, whose endpoint it is, and the lines that name it. */
export async function explainPod(
  { namespace, name }: ObjectQuestion,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  const evidences = await readEvidence(request, effects);
  const { state } = evidences;
  if (state === undefined) {
    const message = "a dump names no pods: pass -f STATE too, or the pod's address instead of its name";
    throw new Failure(message, "usage");
  }
  const pods = podsOf(state);
  const called = `${namespace}/${name}`;
  const pod = pods.get(called);
  if (pod === undefined) {
    const elsewhere = [...pods.keys()].find((key) => key.endsWith(`/${name}`));
    const near = elsewhere ?? didYouMean(called, pods.keys());
    const hint =
      near === undefined
        ? "; it has no address, or no Pod and no EndpointSlice names it"
        : `; did you mean pod/${near}?`;
    throw new Failure(`the state has no pod ${called}${hint}`, "invalid-input");
  }
  const questions = pod.addresses.map(({ text }) => ({ address: text, port: undefined }));
  return answer(`pod ${called}`, questions, { evidences, pods });
}

interface Known {
  readonly evidences: Evidences;
  readonly pods: ReadonlyMap<string, KnownPod>;
}

function answer(subject: string, questions: readonly AddressQuestion[], { evidences, pods }: Known): Explained {
  const { state, sourceOf } = evidences;
  const inState = state && questions.flatMap((question) => factsInState(question, state.cluster, pods));
  const parts: AddressExplanation["parts"][number][] = [];
  const inLines: AddressFact[] = [];
  for (const { texts, label, ownerOf } of evidences.all()) {
    const found = questions.map((question) => ({ question, lines: addressLines(question, texts) }));
    parts.push({ nodes: [label], lines: found.flatMap(({ lines }) => lines) });
    for (const { question, lines } of found) inLines.push(...factsInLines(question, lines, ownerOf));
  }
  const objects = new Set((inState ?? []).map(({ object }) => object));
  state?.reportAbout((object) => objects.has(object));
  const explanation = { subject, facts: inState ?? inLines, parts: foldNodes(parts) };
  return { answer: { kind: "address", explanation }, sourceOf };
}

function podsOf({ documents }: State): ReadonlyMap<string, KnownPod> {
  const values = documents.map(({ value }) => value).filter((value) => value !== undefined);
  return findPods(flattenDocuments(values, createSink()));
}
