import type { Family } from "../model/address.ts";
import type { Step } from "../tools/script.ts";
import { toolNames } from "../tools/text-tools.ts";
import type { AssembledText } from "./cause.ts";

/** A step that feeds a tool a text, with the origins of its lines where they were kept. */
export function textStep(step: Pick<Step, "purpose" | "argv" | "file">, { text, origins }: AssembledText): Step {
  return { ...step, stdin: text, ...(origins === undefined ? {} : { origins }) };
}

/** The steps that give a family its rules: chains first, then the jumps that lead into them. */
export function restoreSteps(family: Family, chains: AssembledText, jumps: AssembledText): readonly Step[] {
  const tool = toolNames[family];
  const argv = [`${tool}-restore`, "--noflush", "--wait", "5"];
  return [
    textStep({ purpose: "fill our own chains", argv, file: `${tool}.restore` }, chains),
    textStep({ purpose: "lead traffic into them", argv, file: `${tool}.jumps` }, jumps),
  ];
}
