import { parseFraction, printPercent, type Share, total } from "../../datapath/share.ts";
import type { ChainGraph, GraphEdge, GraphNode } from "../../explain/chain/chain-graph.ts";
import {
  type ExplainedHop,
  type ExplainedOutcome,
  isVirtualServer,
  type PacketExplanation,
} from "../../explain/packet/packet-explanation.ts";
import { assumptionWords } from "./packet-results.ts";

/** The paths of several outcomes: the common part, then the part of each outcome. */
export interface Way {
  /** Common to all. */
  readonly hops: readonly ExplainedHop[];
  /** With one group of one end there is no fork. */
  readonly groups: readonly EndGroup[];
}

/** Ends with the same hops after the rules that chose them. */
export interface EndGroup {
  readonly ends: readonly End[];
  readonly tail: readonly ExplainedHop[];
}

export interface End {
  readonly outcome: ExplainedOutcome;
  /** From the rule that chose the endpoint to the one that sets the destination. */
  readonly lead: readonly ExplainedHop[];
}

/** Merges the hops of outcomes, from this index on. */
export function joinWays(outcomes: readonly ExplainedOutcome[], from = 0): Way {
  const [first, ...others] = outcomes;
  if (first === undefined) return { hops: [], groups: [] };
  const shared = others.length === 0 ? first.hops.length : countShared(outcomes);
  const groups = new Map<string, { readonly ends: End[]; readonly tail: readonly ExplainedHop[] }>();
  for (const outcome of outcomes) {
    const rest = outcome.hops.slice(shared);
    const sent = rest.findLastIndex(isSending);
    const tail = rest.slice(sent + 1);
    const key = [outcome.verdict, ...tail.map(keyOf)].join("\n");
    const end = { outcome, lead: rest.slice(0, sent + 1) };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ends: [end], tail });
    else group.ends.push(end);
  }
  return { hops: first.hops.slice(from, shared), groups: [...groups.values()] };
}

/** The number of hops that all outcomes have in common. */
export function countShared([first, ...others]: readonly ExplainedOutcome[]): number {
  let shared = 0;
  const hops = first?.hops ?? [];
  while (shared < hops.length && others.every((other) => isSame(other.hops[shared], hops[shared]))) shared += 1;
  return shared;
}

/** Whether a hop changes the destination (DNAT). */
export function isSending({ goesTo }: ExplainedHop): boolean {
  return goesTo !== undefined && /:\d+$/.test(goesTo);
}

function isSame(one: ExplainedHop | undefined, other: ExplainedHop | undefined): boolean {
  return one !== undefined && other !== undefined && keyOf(one) === keyOf(other);
}

function keyOf(hop: ExplainedHop): string {
  const { table, chain, rule, text, goesTo = "" } = hop;
  return `${table} ${chain} ${rule} ${isVirtualServer(hop) ? goesTo : ""} ${text}`;
}

/** More ends than these are counted. */
const mostEnds = 60;

/** The paths of a packet as a graph: its chains, the rules between them, and the percentage on each edge. */
export function wayGraph({ packet, outcomes }: PacketExplanation): ChainGraph {
  const source = packet.fromName === undefined ? packet.from : `${packet.fromName} (${packet.from})`;
  const target = packet.service === undefined ? packet.to : `${packet.service} (${packet.to})`;
  const start: GraphNode = { id: "start", label: `${source} to ${target}/${packet.protocol}`, kind: "entry" };
  const nodes = new Map<string, GraphNode>([[start.id, start]]);
  const edges = new Map<string, { readonly edge: GraphEdge; readonly shares: Share[] }>();
  const drawn = outcomes.slice(0, mostEnds);
  for (const outcome of drawn) drawWay(outcome, nodes, edges);
  return {
    nodes: [...nodes.values()],
    edges: [...edges.values()].map(({ edge, shares }) => ({ ...edge, words: withShare(shares, edge.words) })),
    more: outcomes.length - drawn.length,
  };
}

type OpenEdges = Map<string, { readonly edge: GraphEdge; readonly shares: Share[] }>;

function drawWay(outcome: ExplainedOutcome, nodes: Map<string, GraphNode>, edges: OpenEdges): void {
  const share = parseFraction(outcome.exact);
  // After DNAT the paths of all endpoints meet again, and the graph could not distinguish them.
  const sent = outcome.verdict === "delivered" ? outcome.hops.findLastIndex(isSending) : -1;
  const hops = sent < 0 ? outcome.hops : outcome.hops.slice(0, sent + 1);
  const visited = [...stepsOf(hops), endOf(outcome)];
  let from = "start";
  let words = "";
  for (const { node, by } of visited) {
    nodes.set(node.id, node);
    const key = JSON.stringify([from, node.id, words]);
    const known = edges.get(key);
    if (known === undefined) edges.set(key, { edge: { from, to: node.id, words, share: undefined }, shares: [share] });
    else known.shares.push(share);
    from = node.id;
    words = by;
  }
}

interface Step {
  readonly node: GraphNode;
  /** The rule that leads to the next step. */
  readonly by: string;
}

/** One step per visit of a chain. */
function stepsOf(hops: readonly ExplainedHop[]): readonly Step[] {
  const steps: { readonly node: GraphNode; readonly rules: (number | null)[] }[] = [];
  for (const { table, chain, rule } of hops) {
    const label = `${table} ${chain}`;
    const last = steps.at(-1);
    if (last?.node.label === label) last.rules.push(rule);
    else steps.push({ node: { id: label, label, kind: "chain" }, rules: [rule] });
  }
  return steps.map(({ node, rules }) => {
    const numbers = rules.filter((rule) => rule !== null);
    return { node, by: numbers.length === 0 ? "" : `rule ${numbers.join(", ")}` };
  });
}

function endOf({ verdict, destination, pod, masquerade, assuming }: ExplainedOutcome): Step {
  const parts = [
    destination ?? (verdict === "untouched" ? "not handled" : verdict),
    ...(pod === undefined ? [] : [`pod ${pod}`]),
    ...(masquerade ? ["masqueraded"] : []),
    ...assuming.map((asked) => `if ${assumptionWords(asked)}`),
  ];
  const label = parts.join(", ");
  const isRefused = verdict === "dropped" || verdict === "rejected";
  return { node: { id: `end ${label}`, label, kind: isRefused ? "refusal" : "endpoint" }, by: "" };
}

function withShare(shares: readonly Share[], words: string): string {
  const share = printPercent(total(shares));
  const isAll = share === "100%";
  return [isAll ? "" : share, words].filter((part) => part !== "").join(", ");
}
