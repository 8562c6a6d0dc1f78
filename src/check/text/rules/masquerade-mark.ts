import type { Match } from "../../../languages/iptables/rule.ts";
import { iptablesChains as chains } from "../../../programs/kube-proxy/chain-names.ts";
import { chainSubject, reachableFrom } from "../chain-graph.ts";
import type { CheckedTable, TextRule } from "../checked-host.ts";

/** A mark that KUBE-MARK-MASQ sets and no rule in POSTROUTING matches. */
export const masqueradeMark: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const setter = table.chains.get(chains.markMasquerade)?.rules.find(({ rule }) => rule.target.kind === "mark");
    if (table.name !== "nat" || setter?.rule.target.kind !== "mark") continue;
    const { value } = setter.rule.target;
    if (value === 0 || !isLeavingKnown(table) || isAskedFor(table, value)) continue;
    const report = sink.reporter(chainSubject(table, chains.markMasquerade));
    report("masquerade-mark-unused", setter.place, { mark: `0x${value.toString(16)}` });
  }
};

/** The text shows the rules of POSTROUTING: a dump does, and restore files do together with their jumps. */
function isLeavingKnown({ chains: all, hasBuiltIns }: CheckedTable): boolean {
  return hasBuiltIns || (all.get("POSTROUTING")?.rules.length ?? 0) > 0;
}

function isAskedFor(table: CheckedTable, value: number): boolean {
  for (const name of reachableFrom(table, "POSTROUTING")) {
    // After a rule that lets all packets without another mark return.
    let isGuarded = false;
    for (const { rule } of table.chains.get(name)?.rules ?? []) {
      const isMarked = rule.matches.some((match) => asksFor(match, value));
      if (isMarked) return true;
      if (rule.target.kind === "return" && rule.matches.some(({ kind }) => kind === "mark")) isGuarded = true;
      // All packets are masqueraded, marked or not.
      const isForAll = rule.matches.every(({ kind }) => kind === "comment");
      if (rule.target.kind === "masquerade" && isForAll && !isGuarded) return true;
    }
  }
  return false;
}

function asksFor(match: Match, value: number): boolean {
  if (match.kind === "mark") return (match.mask & value) !== 0;
  return match.kind === "unknown" && match.words.some((word) => word.includes("mark"));
}
