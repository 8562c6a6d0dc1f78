import type { Update } from "../../src/index.ts";
import type { Step } from "../../src/ir/step.ts";

const decoder = new TextDecoder();

/** Steps with their text as text. */
export function textSteps(steps: Update["steps"]): readonly Step[] {
  return steps.map(({ purpose, argv, stdin }) => ({
    purpose,
    argv,
    stdin: typeof stdin === "string" ? stdin : decoder.decode(stdin),
  }));
}
