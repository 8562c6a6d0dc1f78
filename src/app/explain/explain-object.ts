import { explainNode } from "../../explain/explain-node.ts";
import { type Effects, Failure } from "../effects.ts";
import { type Explained, type ExplainRequest, readState } from "./compile-state.ts";
import { explainServiceObject } from "./explain-service.ts";
import { explainSliceObject } from "./explain-slice.ts";
import { findObject, sourceFinder } from "./find-object.ts";
import type { ObjectQuestion } from "./parse-question.ts";

/** `explain TYPE/NS/NAME`. */
export async function explainObject(
  question: ObjectQuestion,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  if (question.type === "Service") return explainServiceObject(question, request, effects);
  if (request.actual !== undefined) {
    const message = `a dump names only Services: pass service/NS/NAME, or remove --actual`;
    throw new Failure(message, "usage");
  }
  switch (question.type) {
    case "EndpointSlice":
    case "Endpoints":
      return explainSliceObject(question, request, effects);
    case "Node":
      return explainNodeObject(question, request, effects);
  }
}

/** `explain node/NAME`: the properties of the node that affect its rules. */
async function explainNodeObject(
  question: ObjectQuestion,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  const state = await readState({ ...request, node: question.name, allNodes: false }, effects);
  findObject(question, state.cluster.nodes, "the state");
  const { facts, texts } = state.compile(question.name);
  state.reportAbout((object) => object === `Node ${question.name}`);
  const explanation = explainNode(facts, texts);
  return { answer: { kind: "node", explanation }, sourceOf: sourceFinder(state.documents) };
}
