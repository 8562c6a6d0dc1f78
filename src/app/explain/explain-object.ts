import type { ExplainFlags } from "../../cli/commands/explain.ts";
import { CommandFailure, exitCodes } from "../../cli/exit-codes.ts";
import { explainNode } from "../../explain/service/explain-node.ts";
import { nodeDocument } from "../../report/explain/documents.ts";
import { renderNode } from "../../report/explain/object.ts";
import { readState } from "./compile-state.ts";
import { explainServiceObject } from "./explain-service.ts";
import { explainSliceObject } from "./explain-slice.ts";
import { findObject, sourceFinder } from "./find-object.ts";
import type { ObjectQuestion } from "./parse-question.ts";
import { printAnswer } from "./print-answer.ts";

/** `explain TYPE/NS/NAME`. */
export async function explainObject(question: ObjectQuestion, flags: ExplainFlags): Promise<string> {
  if (question.type === "Service") return explainServiceObject(question, flags);
  if (flags.actual !== undefined) {
    const message = `a dump names only Services: pass service/NS/NAME, or remove --actual`;
    throw new CommandFailure(message, exitCodes.usage);
  }
  switch (question.type) {
    case "EndpointSlice":
    case "Endpoints":
      return explainSliceObject(question, flags);
    case "Node":
      return explainNodeObject(question, flags);
  }
}

/** `explain node/NAME`: what of the node decides about its rules. */
export async function explainNodeObject(question: ObjectQuestion, flags: ExplainFlags): Promise<string> {
  const state = await readState({ ...flags, node: question.name, allNodes: false });
  findObject(question, state.cluster.nodes, "the state");
  const { facts, texts } = state.compile(question.name);
  state.tellAbout((object) => object === `Node ${question.name}`);
  const explanation = explainNode(facts, texts);
  const sourceOf = sourceFinder(state.documents);
  return printAnswer(flags, sourceOf, {
    text: (rendering) => renderNode(explanation, rendering),
    document: () => nodeDocument(explanation, sourceOf),
    graphs: () => [],
  });
}
