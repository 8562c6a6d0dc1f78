import { printPart } from "../../datapath/share.ts";
import { parseServers } from "../../languages/ipvs/text.ts";
import { iptablesChains, isEndpointChain } from "../../programs/kube-proxy/chain-names.ts";
import { describeMatch } from "../describe-rule.ts";
import { forkShares, type Share } from "../share.ts";
import { chainsNamed, leadsTo, type PlacedChain, type PlacedRule, type Texts } from "../texts.ts";

/** Chains, the jumps between them, and the ends of packets: for diagrams. */
export interface ChainGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** The number of chains left out because there are too many to draw. */
  readonly more: number;
}

export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: "entry" | "chain" | "endpoint" | "refusal";
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** The conditions of a rule, in words; empty: every packet. */
  readonly words: string;
  readonly share: Share | undefined;
}

interface OpenGraph {
  readonly texts: Texts;
  /** Without the chains of endpoints, which are many and call none but the one that marks packets. */
  readonly callers: readonly PlacedChain[];
  readonly nodes: Map<string, GraphNode>;
  readonly edges: GraphEdge[];
  more: number;
}

const mostNodes = 400;

/** Whether a graph starts at a rule. Chains below it are drawn in full, chains above it only as a path. */
export type IsRoot = (rule: Pick<PlacedRule, "chain" | "file" | "line">) => boolean;

/** The paths through given rules, from the built-in chains to endpoints. */
export function chainGraph(texts: Texts, isRoot: IsRoot): ChainGraph {
  const callers = texts.chains.filter(({ name }) => !isEndpointChain(name));
  const open: OpenGraph = { texts, callers, nodes: new Map(), edges: [], more: 0 };
  const done = new Set<string>();
  const starts = texts.chains.filter(({ name: chain, file, numbers }) =>
    numbers.some((line) => isRoot({ chain, file, line })),
  );
  for (const chain of starts) drawAbove(chain, open, new Set());
  const queue = starts.map((chain) => ({ chain, isAsked: isRoot }));
  // Grows while it is walked.
  for (const { chain, isAsked } of queue) {
    for (const next of drawRules(chain, isAsked, open)) {
      if (done.has(keyOf(next))) continue;
      done.add(keyOf(next));
      queue.push({ chain: next, isAsked: (rule) => !isRoot(rule) });
    }
  }
  return { nodes: [...open.nodes.values()], edges: open.edges, more: open.more };
}

function keyOf({ family, table, name }: Pick<PlacedChain, "family" | "table" | "name">): string {
  return `${family} ${table} ${name}`;
}

/** Draws the selected rules; returns the chains they jump to. */
function drawRules(chain: PlacedChain, isAsked: IsRoot, open: OpenGraph): readonly PlacedChain[] {
  const shares = forkShares(chain.rules);
  return chain.rules.flatMap((rule, at) => {
    const { family, table } = chain;
    const name = leadsTo(rule);
    if (!isAsked(rule) || name === iptablesChains.markMasquerade) return [];
    const next = name === undefined ? undefined : findChain(open.texts, { family, table, name });
    const to = next === undefined ? endOf(rule) : chainNode(next);
    if (to === undefined) return [];
    if (open.nodes.size >= mostNodes && !open.nodes.has(to.id)) {
      open.more += 1;
      return [];
    }
    enter(open, chainNode(chain));
    enter(open, to);
    open.edges.push({ from: keyOf(chain), to: to.id, words: conditionsOf(rule), share: shares[at] });
    return next === undefined ? [] : [next];
  });
}

function findChain(texts: Texts, { family, table, name }: Pick<PlacedChain, "family" | "table" | "name">) {
  return chainsNamed(texts, name).find((chain) => chain.family === family && chain.table === table);
}

/** Draws the rules that jump to a chain, and the callers of their chains. */
function drawAbove(chain: PlacedChain, open: OpenGraph, seen: Set<string>): void {
  const key = keyOf(chain);
  if (seen.has(key)) return;
  seen.add(key);
  for (const other of open.callers) {
    if (other.family !== chain.family || other.table !== chain.table) continue;
    if (!other.lines.some((line) => line.includes(chain.name))) continue;
    for (const rule of other.rules) {
      if (leadsTo(rule) !== chain.name) continue;
      enter(open, chainNode(other));
      enter(open, chainNode(chain));
      const edge = { from: keyOf(other), to: key, words: conditionsOf(rule), share: undefined };
      const isKnown = open.edges.some(
        ({ from, to, words }) => from === edge.from && to === key && words === edge.words,
      );
      if (!isKnown) open.edges.push(edge);
      drawAbove(other, open, seen);
    }
  }
}

function enter(open: OpenGraph, node: GraphNode): void {
  if (!open.nodes.has(node.id)) open.nodes.set(node.id, node);
}

function chainNode(chain: PlacedChain): GraphNode {
  const kind = chain.policy !== undefined || /^[A-Z]+$/.test(chain.name) ? "entry" : "chain";
  const family = chain.family === "ipv6" ? " (IPv6)" : "";
  return { id: keyOf(chain), label: `${chain.table} ${chain.name}${family}`, kind };
}

/** The end of a packet at a rule that calls no chain. */
function endOf({ target }: PlacedRule): GraphNode | undefined {
  switch (target.kind) {
    case "dnat":
      return { id: `to ${target.destination}`, label: target.destination, kind: "endpoint" };
    case "drop":
      return { id: "drop", label: "dropped", kind: "refusal" };
    case "reject":
      return { id: "reject", label: "rejected", kind: "refusal" };
    case "accept":
      return { id: "accept", label: "accepted", kind: "endpoint" };
    case "redirect":
      return { id: "to this node", label: "this node", kind: "endpoint" };
    case "jump":
    case "goto":
    case "return":
    case "mark":
    case "connmark-set":
    case "connmark-save":
    case "connmark-restore":
    case "masquerade":
    case "snat":
    case "netmap":
    case "notrack":
    case "tproxy":
    case "none":
    case "unknown":
      return undefined;
  }
}

function conditionsOf({ matches }: PlacedRule): string {
  return matches
    .filter(({ kind }) => kind !== "statistic")
    .map(describeMatch)
    .filter((words) => words !== undefined)
    .join(", ");
}

/** The label of an edge: the share first. */
export function edgeLabel({ words, share }: GraphEdge): string {
  return [share === undefined ? "" : printPart(share.part), words].filter((text) => text !== "").join(", ");
}

/** The selected virtual servers and their real servers. */
export function serverGraph(lines: readonly string[]): ChainGraph {
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  for (const { protocol, address, scheduler, realServers } of parseServers(lines.join("\n")).servers) {
    const from = `${protocol} ${address}`;
    nodes.set(from, { id: from, label: `IPVS ${protocol.toUpperCase()} ${address}`, kind: "entry" });
    for (const { address: target, weight } of realServers) {
      const to = `to ${target}`;
      nodes.set(to, { id: to, label: target, kind: "endpoint" });
      edges.push({ from, to, words: `${scheduler}, weight ${weight}`, share: undefined });
    }
  }
  return { nodes: [...nodes.values()], edges, more: 0 };
}

/** Several graphs in one diagram. */
export function joinGraphs(graphs: readonly ChainGraph[]): ChainGraph {
  const nodes = new Map(graphs.flatMap((graph) => graph.nodes.map((node) => [node.id, node])));
  return {
    nodes: [...nodes.values()],
    edges: graphs.flatMap(({ edges }) => edges),
    more: graphs.reduce((sum, { more }) => sum + more, 0),
  };
}
