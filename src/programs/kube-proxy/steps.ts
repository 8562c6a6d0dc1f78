import { type ScriptStep, toolNames } from "../../ir/artifact.ts";
import { joinLines, linesOf } from "../../ir/lines.ts";
import { comment, conntrackState, jump } from "../../languages/iptables/write.ts";
import type { Family } from "../../model/address.ts";
import { type AssembledText, always, lineOrigin } from "../origins.ts";
import type { Jump } from "../program.ts";

/** A step with text for a tool, and the origins of its lines where they were kept. */
export function textStep(step: Omit<ScriptStep, "stdin" | "origins">, { text, origins }: AssembledText): ScriptStep {
  return { ...step, stdin: text, ...(origins === undefined ? {} : { origins }) };
}

/** The steps that program the rules of a family: chains first, then the jumps to them. */
export function restoreSteps(family: Family, chains: AssembledText, jumps: AssembledText): readonly ScriptStep[] {
  const tool = toolNames[family];
  const argv = [`${tool}-restore`, "--noflush", "--wait", "5"];
  return [
    textStep({ purpose: "fill our own chains", argv, language: "iptables", family, file: `${tool}.restore` }, chains),
    textStep({ purpose: "lead traffic into them", argv, language: "iptables", family, file: `${tool}.jumps` }, jumps),
  ];
}

/** `from` is the built-in chain: `nat OUTPUT`. */
export function jumpFor(from: `${Jump["table"]} ${Jump["chain"]}`, target: string, why: string, onlyNew = false): Jump {
  const [table, chain] = from.split(" ") as [Jump["table"], Jump["chain"]];
  const state = onlyNew ? conntrackState("NEW") : "";
  return { table, chain, rule: state + (why === "" ? "" : comment(why)) + jump(target) };
}

/** The input of iptables-restore with the rules in built-in chains, in their final order. */
export function assembleJumps(jumps: readonly Jump[], keepOrigins: boolean): AssembledText {
  const lines: string[] = [];
  for (const table of ["filter", "nat"] as const) {
    const rules = jumps.filter((one) => one.table === table).map(({ chain, rule }) => `-A ${chain}${rule}`);
    lines.push(`*${table}`, ...rules, "COMMIT");
  }
  const origins = lines.flatMap((text, index) => (text.startsWith("-A ") ? [lineOrigin(index + 1, always)] : []));
  return { text: joinLines([linesOf(lines)]), origins: keepOrigins ? origins : undefined };
}
