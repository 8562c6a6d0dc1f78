import { printPart } from "../../datapath/share.ts";
import { languageOf } from "../../languages/registry.ts";
import type { PlacedObject, PlacedRule, RuleExit, Share } from "../../languages/text-reader.ts";
import { ownChains } from "../../programs/registry.ts";
import { besides, calleeName, type Texts } from "../texts.ts";

/** Chains and maps, the jumps between them, and the ends of packets: for diagrams. */
export interface ChainGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** The number of chains left out because there are too many to draw. */
  readonly more: number;
}

export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: "entry" | "chain" | "map" | "endpoint" | "refusal";
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
  readonly nodes: Map<string, GraphNode>;
  readonly edges: GraphEdge[];
  more: number;
}

const mostNodes = 400;
/** Of a map: the elements of large ones lead to too many chains to draw. */
const mostElements = 20;

/** Whether a graph starts at a rule or an element. Chains below it are drawn in full, those above only as a path. */
export type IsRoot = (rule: Pick<PlacedRule, "chain" | "file" | "line">) => boolean;

/** The paths through given rules and elements, from base chains to endpoints. */
export function chainGraph(texts: Texts, isRoot: IsRoot): ChainGraph {
  const open: OpenGraph = { texts, nodes: new Map(), edges: [], more: 0 };
  const done = new Set<string>();
  const starts = [...texts.chains, ...texts.sets].filter(({ name: chain, file, numbers }) =>
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

function keyOf({ family, table, kind, name }: PlacedObject): string {
  return `${family ?? ""} ${table} ${calleeName({ kind, name })}`;
}

/** Draws the selected rules; returns the chains and maps they lead to. */
function drawRules(chain: PlacedObject, isAsked: IsRoot, open: OpenGraph): readonly PlacedObject[] {
  const { name, file } = chain;
  const asked = chain.rulesOn((line) => isAsked({ chain: name, file, line }));
  const ways = asked
    .filter(({ isMarking }) => !isMarking)
    .flatMap((rule) => rule.exits.map((exit) => ({ rule, exit })));
  const drawn = chain.kind === "map" ? foldElements(ways, open) : ways.map(wayOf);
  return drawn.flatMap(({ to, words, share }) => {
    const next = to.kind === "callee" ? findCallee(chain, to.name, open.texts) : undefined;
    const end = to.kind === "callee" ? next && objectNode(next) : to;
    if (end === undefined) return [];
    if (open.nodes.size >= mostNodes && !open.nodes.has(end.id)) {
      open.more += 1;
      return [];
    }
    enter(open, objectNode(chain));
    enter(open, end);
    open.edges.push({ from: keyOf(chain), to: end.id, words, share });
    return next === undefined ? [] : [next];
  });
}

interface Way {
  readonly rule: PlacedRule;
  readonly exit: RuleExit;
}

function wayOf({ rule, exit }: Way) {
  const words = [rule.conditions(), exit.key].filter((text) => text !== "").join(", ");
  return { to: exit.to, words, share: exit.share ?? rule.share };
}

/** One edge for all elements of a map that lead to the same chain. */
function foldElements(ways: readonly Way[], open: OpenGraph) {
  const byTarget = new Map<string, { readonly to: RuleExit["to"]; readonly keys: string[] }>();
  for (const { exit } of ways) {
    const target = exit.to.kind === "callee" ? exit.to.name : exit.to.id;
    const known = byTarget.get(target) ?? { to: exit.to, keys: [] };
    known.keys.push(exit.key);
    byTarget.set(target, known);
  }
  const folded = [...byTarget.values()];
  open.more += Math.max(0, folded.length - mostElements);
  return folded.slice(0, mostElements).map(({ to, keys: [first = "", ...others] }) => {
    const words = others.length === 0 ? first : `${first} and ${others.length} more`;
    return { to, words, share: undefined };
  });
}

function findCallee(from: PlacedObject, callee: string, { byName, sets }: Texts): PlacedObject | undefined {
  const named = callee.startsWith("@") ? sets.filter(({ name }) => name === callee.slice(1)) : byName.get(callee);
  return named?.find(({ family, table }) => family === from.family && table === from.table);
}

/** Draws the rules and elements that lead to a chain or map, and what leads to those. */
function drawAbove(chain: PlacedObject, open: OpenGraph, seen: Set<string>): void {
  const key = keyOf(chain);
  if (seen.has(key)) return;
  seen.add(key);
  const leadsHere = (other: PlacedObject, at: number): boolean =>
    other.lines[at]?.includes(chain.name) === true && other.calls(at).includes(calleeName(chain));
  for (const other of besides(open.texts, chain)) {
    // Chains of endpoints are many, and lead to endpoints alone.
    if (ownChains.roleOf(other.name) === "target") continue;
    const leading = new Set(other.numbers.filter((_, at) => leadsHere(other, at)));
    if (leading.size === 0) continue;
    const ways = other
      .rulesOn((line) => leading.has(line))
      .flatMap((rule) => rule.exits.map((exit) => ({ rule, exit })));
    const here = ways.filter(({ exit: { to } }) => to.kind === "callee" && to.name === calleeName(chain));
    if (here.length === 0) continue;
    enter(open, objectNode(other));
    enter(open, objectNode(chain));
    for (const { words } of other.kind === "map" ? foldElements(here, open) : here.map(wayOf)) {
      const edge = { from: keyOf(other), to: key, words, share: undefined };
      const isKnown = open.edges.some(
        ({ from, to, words: known }) => from === edge.from && to === key && known === words,
      );
      if (!isKnown) open.edges.push(edge);
    }
    drawAbove(other, open, seen);
  }
}

function enter(open: OpenGraph, { id, label, kind }: GraphNode): void {
  if (!open.nodes.has(id)) open.nodes.set(id, { id, label, kind });
}

function objectNode(object: PlacedObject): GraphNode {
  const { kind, table, name, entry, family } = object;
  // A table of nftables has the family in its name.
  const suffix = family === "ipv6" && !table.includes(" ") ? " (IPv6)" : "";
  const what = kind === "chain" ? name : `${kind} ${name}`;
  const shape = kind !== "chain" ? "map" : entry === undefined ? "chain" : "entry";
  return { id: keyOf(object), label: `${table} ${what}${suffix}`, kind: shape };
}

/** The label of an edge: the share first. */
export function edgeLabel({ words, share }: GraphEdge): string {
  return [share === undefined ? "" : printPart(share.part), words].filter((text) => text !== "").join(", ");
}

/** The selected virtual servers and their real servers. */
export function serverGraph(lines: readonly string[]): ChainGraph {
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  const parsed = languageOf.ipvs.parse([{ file: "", text: lines.join("\n") }]);
  for (const { protocol, address, scheduler, realServers } of parsed.doc) {
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
