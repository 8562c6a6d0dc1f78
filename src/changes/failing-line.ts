import type { ServiceOfChain } from "./attribution.ts";
import { serviceInRule } from "./attribution.ts";
import type { ChangeStep } from "./step.ts";
import type { ServiceOfLine } from "./summarize-changes.ts";

/** The line of a step at which a tool gave up, and whose it is. */
export interface FailingLine {
  readonly number: number;
  readonly text: string;
  readonly service: string | undefined;
}

/** iptables-restore (both back ends), ipset and ip -batch, each in its own words. */
const placed = [/\bline:? (\d+)/i, /^exit .*Command failed -:(\d+)/];

/** Finds the line that a tool's message speaks of. Undefined where it names none, as when a whole table is refused. */
export function failingLine(
  step: ChangeStep,
  message: string,
  ofChain: ServiceOfChain,
  ofLine: ServiceOfLine,
): FailingLine | undefined {
  const number = placed.map((pattern) => Number(pattern.exec(message)?.[1])).find((found) => found > 0);
  const text = number === undefined ? undefined : step.stdin.split("\n")[number - 1];
  if (number === undefined || text === undefined || text === "COMMIT") return undefined;
  const chain = /^(?:-[AIDX] |:)(KUBE-\S+)/.exec(text)?.[1];
  const service = serviceInRule(text) ?? ofLine(text) ?? (chain === undefined ? undefined : ofChain(chain));
  return { number, text, service };
}
