import { CommandFailure, exitCodes } from "../exit-codes.ts";
import type { ChoiceOfNodes } from "../explain/compile-state.ts";
import { explainObject } from "../explain/explain-object.ts";
import { parseQuestion } from "../explain/parse-question.ts";
import { explainCode, listCodes } from "./explain-code.ts";

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

async function answer(question: ReturnType<typeof parseQuestion>, flags: ExplainFlags): Promise<string> {
  switch (question.kind) {
    case "codes":
      return listCodes();
    case "code":
      return explainCode(question.code);
    case "object":
      return explainObject(question, flags);
    case "chain":
    case "line":
    case "file-line":
      throw new CommandFailure("not yet", exitCodes.usage);
  }
}
