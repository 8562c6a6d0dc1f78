import type { Code } from "../diagnostics/catalog.ts";
import type { Effects } from "./effects.ts";
import type { Explained, ExplainRequest } from "./explain/compile-state.ts";
import { parseQuestion, type Question } from "./explain/parse-question.ts";
import { hasState } from "./requests.ts";

/** The query: words as kubectl takes them. */
export interface QuestionWords {
  readonly what: string | undefined;
  readonly name: string | undefined;
  /** -A: a rule in quotes looks like a flag with a value. */
  readonly rule: string | undefined;
  readonly namespace: string;
}

export type ExplainResult =
  /** All diagnostic codes. */
  | { readonly kind: "codes" }
  | { readonly kind: "code"; readonly code: Code }
  | ({ readonly kind: "explained" } & Explained);

/** Parses the query and prints the explanation. Modules that only some queries need are loaded for those alone. */
export async function explain(words: QuestionWords, request: ExplainRequest, effects: Effects): Promise<ExplainResult> {
  const question = parseQuestion({ ...words, hasDump: request.actual !== undefined, hasState: hasState(request) });
  if (question.kind === "codes" || question.kind === "code") return question;
  return { kind: "explained", ...(await answer(question, request, effects)) };
}

async function answer(
  question: Exclude<Question, { kind: "codes" | "code" }>,
  request: ExplainRequest,
  effects: Effects,
): Promise<Explained> {
  switch (question.kind) {
    case "object":
      return (await import("./explain/explain-object.ts")).explainObject(question, request, effects);
    case "address":
      return (await import("./explain/explain-address.ts")).explainAddress(question, request, effects);
    case "name":
      return (await import("./explain/explain-object.ts")).explainNamed(question.name, request, effects);
    case "restore-error":
      return (await import("./explain/explain-line.ts")).explainRestoreError(question, request, effects);
    case "chain":
      return (await import("./explain/explain-chain.ts")).explainChainOrSet(question, request, effects);
    case "line":
      return (await import("./explain/explain-line.ts")).explainLine(question.text, request, effects);
    case "file-line":
      return (await import("./explain/explain-line.ts")).explainFileLine(question, request, effects);
  }
}
