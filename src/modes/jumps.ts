import { comment, conntrackState, jump } from "../tools/iptables/spell.ts";
import { joinLines, linesOf } from "../tools/lines.ts";
import { type AssembledText, always, lineOrigin } from "./cause.ts";

/** A rule in a built-in chain that leads into one of ours. */
export interface Jump {
  readonly table: "filter" | "nat";
  readonly chain: "INPUT" | "FORWARD" | "OUTPUT" | "PREROUTING" | "POSTROUTING";
  /** The rule without its chain, with a leading blank. */
  readonly rule: string;
}

export function jumpFor(
  table: Jump["table"],
  chain: Jump["chain"],
  target: string,
  why: string,
  onlyNew = false,
): Jump {
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
