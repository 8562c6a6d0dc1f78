import type { ChainRules, NodeRules, TrafficDiff } from "../../diff/traffic-diff.ts";
import { ruleCounts } from "../sentences.ts";
import { namesText, plural } from "../words.ts";
import type { Line } from "./line.ts";

/** The lines of every chain that differs, by group of nodes: a block for each chain. */
export function linesOfRules({ rules, nodes }: TrafficDiff): readonly (readonly Line[])[] {
  return rules.flatMap((group) => [[headOf(group, nodes)], ...group.chains.map(linesOfChain)]);
}

function headOf(group: NodeRules, nodes: readonly string[]): Line {
  const every = group.nodes.length === nodes.length && nodes.length > 1;
  const where = every ? `Rules on each of ${plural(nodes.length, "node")}` : `Rules on ${namesText(group.nodes)}`;
  const moved = group.moved === 0 ? "" : `, ${group.moved} moved`;
  return [[`${where}: ${ruleCounts(group)}${moved}`, "bold"]];
}

function linesOfChain(chain: ChainRules): readonly Line[] {
  const head: Line = [[chainTitle(chain), "cyan"]];
  return [
    head,
    ...chain.lines.map(({ sign, text }): Line => [["  "], [`${sign} ${text}`, sign === "+" ? "green" : "red"]]),
  ];
}

/** `nat KUBE-SEP-A (IPv4): removed` */
export function chainTitle({ where, kind, renamedTo }: ChainRules): string {
  switch (kind) {
    case "added":
    case "removed":
      return `${where}: ${kind}`;
    case "changed":
      return where;
    case "moved":
      return `${where}: the same lines in another order or spelling`;
    case "renamed":
      return `${where}: the same rules, now called ${renamedTo ?? "otherwise"}`;
  }
}
