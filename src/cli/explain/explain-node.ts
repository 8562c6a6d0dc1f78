import { nodeDocument } from "../../review/explain/render/documents.ts";
import { renderNode } from "../../review/explain/render/render-node.ts";
import { explainNode } from "../../review/explain/service/explain-node.ts";
import type { ExplainFlags } from "../commands/explain.ts";
import { readState } from "./compile-state.ts";
import { findObject } from "./find-object.ts";
import type { ObjectQuestion } from "./parse-question.ts";
import { printAnswer } from "./print-answer.ts";
import { sourceFinder } from "./source-of.ts";

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
