import type { ChoiceOfNodes } from "../../app/explain/compile-state.ts";
import { parseQuestion, type Question } from "../../app/explain/parse-question.ts";
import { exitCodes } from "../exit-codes.ts";

export interface ExplainFlags extends ChoiceOfNodes {
  readonly namespace: string;
  /** -A: a rule in quotes looks like a flag with a value. */
  readonly A?: string;
  readonly actual?: string;
  readonly output?: "text" | "json" | "mermaid" | "dot";
}

/** `portolan explain`: finds out what is asked, and hands it on. Gives the exit code. */
export async function runExplain(
  { what, name }: { readonly what: string | undefined; readonly name: string | undefined },
  flags: ExplainFlags,
): Promise<number> {
  const { A: rule, namespace, actual } = flags;
  const question = parseQuestion({ what, name, rule, namespace, hasDump: actual !== undefined });
  process.stdout.write(await answer(question, flags));
  return exitCodes.fine;
}

/** What only some answers need is loaded for those alone. */
async function answer(question: Question, flags: ExplainFlags): Promise<string> {
  switch (question.kind) {
    case "codes":
      return (await import("./explain-code.ts")).listCodes();
    case "code":
      return (await import("./explain-code.ts")).explainCode(question.code);
    case "object":
      return (await import("../../app/explain/explain-object.ts")).explainObject(question, flags);
    case "chain":
      return (await import("../../app/explain/explain-chain.ts")).explainChainOrSet(question.name, flags);
    case "line":
      return (await import("../../app/explain/explain-line.ts")).explainLine(question.text, flags);
    case "file-line":
      return (await import("../../app/explain/explain-line.ts")).explainFileLine(question.file, question.line, flags);
  }
}
