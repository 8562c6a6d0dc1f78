import type { ChainRules, NodeRules, TrafficDiff } from "../../diff/traffic-diff.ts";
import { ruleCounts } from "../sentences.ts";
import { chainTitle } from "../text/rules.ts";
import { namesText, plural } from "../words.ts";
import { rulesText } from "./card.ts";
import { esc, phrase } from "./escape.ts";

/** A page with more lines would be slow to open; `--detail rules` has them all. */
const mostLines = 4000;

/** Rules by group of nodes and chain, folded. */
export function rulesByNode({ rules, nodes }: TrafficDiff): string {
  let room = mostLines;
  return rules
    .map((group) => {
      const chains: string[] = [];
      for (const chain of group.chains) {
        if (room <= 0) break;
        chains.push(chainText(chain, room));
        room -= chain.lines.length;
      }
      const left = group.chains.length - chains.length;
      if (left > 0) chains.push(`<p>${plural(left, "more chain")}: <code>--detail rules</code> shows them.</p>`);
      return `<details class="group"><summary>${summaryOf(group, nodes)}</summary>${chains.join("")}</details>`;
    })
    .join("\n");
}

function summaryOf(group: NodeRules, nodes: readonly string[]): string {
  const every = group.nodes.length === nodes.length && nodes.length > 1;
  const where = every ? `Each of ${plural(nodes.length, "node")}` : namesText(group.nodes);
  const moved = group.moved === 0 ? "" : `, ${group.moved} moved`;
  return `${esc(where)}: ${ruleCounts(group)}${moved}`;
}

function chainText(chain: ChainRules, room: number): string {
  const shown = chain.lines.slice(0, room);
  return `<h4>${phrase(chainTitle(chain))}</h4>${shown.length === 0 ? "" : rulesText(shown)}`;
}
