import type { ChainGraph } from "../../explain/chain/chain-graph.ts";
import type { SetExplanation } from "../../explain/chain/explain-set.ts";
import type { Explanation, Rendering, SourceOf } from "../../explain/explanation.ts";
import { addressDocument, renderAddress } from "./address.ts";
import { renderChain, renderSet } from "./chain.ts";
import {
  chainDocument,
  entryDocument,
  nodeDocument,
  objectDocument,
  ruleExplanationDocument,
  setDocument,
} from "./documents.ts";
import { renderEntry, renderRestoreLine, renderRuleExplanation } from "./line.ts";
import { renderNode, renderObject } from "./object.ts";

/** `-o text`. */
export function renderExplanation(answer: Explanation, rendering: Rendering): string {
  switch (answer.kind) {
    case "object":
      return renderObject(answer.explanation, answer.dumpGraph, rendering);
    case "node":
      return renderNode(answer.explanation, rendering);
    case "address":
      return renderAddress(answer.explanation, rendering);
    case "restore-line":
      return renderRestoreLine(answer.explanation, rendering);
    case "chain":
      return renderChain(answer.explanation, rendering) + renderAlso(answer.sets, rendering);
    case "set":
      return renderSet(answer.explanation, rendering);
    case "entry":
      return renderEntry(answer.explanation, rendering);
    case "rule":
      return renderRuleExplanation(answer.explanation, rendering, answer.where);
  }
}

/** `-o json`. */
export function explanationDocument(answer: Explanation, sourceOf: SourceOf): object {
  switch (answer.kind) {
    case "object":
      return objectDocument(answer.explanation, sourceOf);
    case "node":
      return nodeDocument(answer.explanation, sourceOf);
    case "address":
      return addressDocument(answer.explanation, sourceOf);
    case "restore-line":
      return { apiVersion: "portolan/v1alpha1", kind: "RestoreLineExplanation", ...answer.explanation };
    case "chain":
      return { ...chainDocument(answer.explanation, sourceOf), ...alsoDocument(answer.sets, sourceOf) };
    case "set":
      return setDocument(answer.explanation, sourceOf);
    case "entry":
      return entryDocument(answer.explanation, sourceOf);
    case "rule":
      return ruleExplanationDocument(answer.explanation, sourceOf);
  }
}

/** Sets with the name of a chain. */
function renderAlso(sets: SetExplanation, rendering: Rendering): string {
  return sets.parts.length === 0 ? "" : `\n${renderSet(sets, rendering)}`;
}

function alsoDocument(sets: SetExplanation, sourceOf: SourceOf): object {
  return sets.parts.length === 0 ? {} : { sets: setDocument(sets, sourceOf) };
}

/** What `-o mermaid` and `-o dot` draw. */
export function graphsOf(answer: Explanation): readonly ChainGraph[] {
  return "graphs" in answer ? answer.graphs : [];
}
