import type { Update } from "../../src/index.ts";
import type { ChangeStep } from "../../src/ir/step.ts";

const decoder = new TextDecoder();

/** Steps with their text as text. */
export function textSteps(steps: Update["steps"]): readonly ChangeStep[] {
  return steps.map(({ purpose, argv, stdin }) => ({
    purpose,
    argv,
    stdin: typeof stdin === "string" ? stdin : decoder.decode(stdin),
  }));
}
