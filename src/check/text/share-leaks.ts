import { conditionsOf } from "../../languages/iptables/conditions.ts";
import type { Match } from "../../languages/iptables/rule.ts";
import { ownChains } from "../../programs/registry.ts";
import { chainSubject, leadOf } from "./chain-graph.ts";
import type { CheckedChain, PlacedRule, TextRule } from "./checked-host.ts";

/** Load balancing chains whose last endpoint has a random match as well. */
export const shareLeaks: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    if (table.name !== "nat") continue;
    for (const chain of table.chains.values()) {
      const lots = lotsAtEnd(chain);
      const last = lots[lots.length - 1];
      // In other chains a single random match may be intended: a sample of the packets.
      if (last === undefined || (lots.length < 2 && ownChains.roleOf(chain.name) !== "balance")) continue;
      const left = lots.reduce((share, { threshold }) => share * (1 - threshold / 2 ** 31), 1);
      if (left === 0) continue;
      const percent = `${Number((left * 100).toPrecision(3))}%`;
      sink.reporter(chainSubject(table, chain.name))("load-balancing-incomplete", last.placed.place, {
        share: percent,
      });
    }
  }
};

interface Lot {
  readonly placed: PlacedRule;
  readonly threshold: number;
}

/** The rules at the end of a chain that divide the same traffic. */
function lotsAtEnd({ rules }: CheckedChain): readonly Lot[] {
  const lots: Lot[] = [];
  let others: string | undefined;
  for (let at = rules.length - 1; at >= 0; at -= 1) {
    const placed = rules[at] as PlacedRule;
    const statistic = placed.rule.matches.find((match) => match.kind === "statistic");
    const sendsOn = placed.rule.target.kind === "dnat" || leadOf(placed.rule) !== undefined;
    if (!isPlainLot(statistic) || !sendsOn) break;
    const rest = JSON.stringify(conditionsOf(placed.rule.matches).filter((match) => match.kind !== "statistic"));
    if (others !== undefined && others !== rest) break;
    others = rest;
    lots.unshift({ placed, threshold: statistic.threshold });
  }
  return lots;
}

function isPlainLot(match: Match | undefined): match is Match & { readonly kind: "statistic" } {
  return match?.kind === "statistic" && !match.negated;
}
