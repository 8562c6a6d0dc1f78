import { groupBy } from "../../model/group-by.ts";

/** A size on the page; of an edge, that of its label. */
interface Box {
  readonly width: number;
  readonly height: number;
}

export interface BoxNode extends Box {
  readonly id: string;
}

export interface BoxEdge extends Box {
  readonly from: string;
  readonly to: string;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The centres of boxes, and the points of each edge from top to bottom: the second is at the left of its label. */
export interface Layout extends Box {
  readonly nodes: ReadonlyMap<string, Point>;
  readonly ways: readonly (readonly Point[])[];
}

/** A box in a layer: a node, or a place through which an edge passes. */
interface Item extends Box {
  readonly above: Item[];
  readonly below: Item[];
  readonly layer: number;
  /** How far from its left side edges meet it, and where that is. */
  readonly anchor: number;
  x: number;
}

const [gapX, gapY, margin, rounds] = [18, 20, 8, 12];

/**
 * A drawing of a graph in layers. Nodes are in every other layer; edges pass through the layers between, where their labels
 * have room, so that nothing covers anything. Edges that close a loop lead straight back.
 */
export function layOut(nodes: readonly BoxNode[], edges: readonly BoxEdge[]): Layout {
  const ranks = rankNodes(nodes, edges);
  const rankOf = (id: string): number => ranks.get(id) ?? 0;
  const items = new Map(nodes.map((node) => [node.id, createItem(node, 2 * rankOf(node.id), node.width / 2)]));
  const passes = edges.map((edge) => passEdge(edge, [items.get(edge.from), items.get(edge.to)]));
  const layers = orderLayers([...items.values(), ...passes.flat()]);
  for (let round = 0; round < rounds; round++) {
    for (const layer of layers) placeLayer(layer, ({ above }) => above);
    for (const layer of layers.toReversed()) placeLayer(layer, ({ below }) => below);
  }
  for (const layer of layers) placeLayer(layer, ({ above, below }) => [...above, ...below]);
  const left = Math.min(...layers.flat().map(({ x, anchor }) => x - anchor)) - margin;
  const rows = placeRows(layers);
  const pointOf = (item: Item): Point => ({ x: Math.round(item.x - left), y: rows.centres[item.layer] ?? 0 });
  const points = new Map([...items].map(([id, item]) => [id, pointOf(item)]));
  const ends = (id: string): readonly Point[] => [points.get(id) ?? { x: 0, y: 0 }];
  return {
    nodes: points,
    ways: edges.map(({ from, to }, at) => [...ends(from), ...(passes[at] ?? []).map(pointOf), ...ends(to)]),
    width: Math.round(Math.max(...layers.flat().map(({ x, width, anchor }) => x + width - anchor)) - left) + margin,
    height: rows.height,
  };
}

function createItem({ width, height }: Box, layer: number, anchor: number): Item {
  return { width, height, layer, anchor, above: [], below: [], x: 0 };
}

/** The longest way to each node; edges that close a loop are not followed. */
function rankNodes(nodes: readonly BoxNode[], edges: readonly BoxEdge[]): ReadonlyMap<string, number> {
  const targets = groupBy(edges, ({ from }) => from);
  const ordered: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (id: string): void => {
    state.set(id, "open");
    for (const { to } of targets.get(id) ?? []) if (!state.has(to)) visit(to);
    state.set(id, "done");
    ordered.unshift(id);
  };
  for (const { id } of nodes) if (!state.has(id)) visit(id);
  const position = new Map(ordered.map((id, at) => [id, at]));
  const ranks = new Map<string, number>();
  for (const id of ordered) {
    const rank = ranks.get(id) ?? 0;
    ranks.set(id, rank);
    for (const { to } of targets.get(id) ?? [])
      if ((position.get(to) ?? 0) > (position.get(id) ?? 0)) ranks.set(to, Math.max(ranks.get(to) ?? 0, rank + 1));
  }
  return ranks;
}

/** The places through which an edge passes, the first with room for its label; none of one that leads back. */
function passEdge({ width, height }: BoxEdge, [from, to]: readonly (Item | undefined)[]): readonly Item[] {
  if (from === undefined || to === undefined || to.layer <= from.layer) return [];
  const passed = Array.from({ length: to.layer - from.layer - 1 }, (_, at) =>
    createItem(at === 0 ? { width, height } : { width: 4, height: 0 }, from.layer + 1 + at, 2),
  );
  let last = from;
  for (const item of [...passed, to]) {
    last.below.push(item);
    item.above.push(last);
    last = item;
  }
  return passed;
}

/** Each layer in the order with the fewest crossings that some rounds of sorting by the neighbours' places find. */
function orderLayers(items: readonly Item[]): readonly (readonly Item[])[] {
  const last = Math.max(0, ...items.map(({ layer }) => layer));
  let layers = Array.from({ length: last + 1 }, (_, at) => items.filter(({ layer }) => layer === at));
  let [best, fewest] = [layers, countCrossings(layers)];
  for (let round = 0; round < rounds && fewest > 0; round++) {
    layers = sortLayers(layers, round % 2 === 0 ? "above" : "below");
    const crossings = countCrossings(layers);
    if (crossings < fewest) [best, fewest] = [layers, crossings];
  }
  return best;
}

function sortLayers(layers: readonly Item[][], side: "above" | "below"): Item[][] {
  const at = new Map(layers.flatMap((layer) => layer.map((item, place) => [item, place])));
  const order = side === "above" ? layers : layers.toReversed();
  const sorted = order.map((layer) => {
    const wish = new Map(layer.map((item, place) => [item, mean(item[side].map((one) => at.get(one) ?? 0)) ?? place]));
    const next = layer.toSorted((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
    for (const [place, item] of next.entries()) at.set(item, place);
    return next;
  });
  return side === "above" ? sorted : sorted.toReversed();
}

function countCrossings(layers: readonly (readonly Item[])[]): number {
  return layers.reduce((sum, layer, at) => {
    const below = new Map((layers[at + 1] ?? []).map((item, place) => [item, place]));
    const ends = layer.flatMap((item) => item.below.map((one) => below.get(one) ?? 0).toSorted((a, b) => a - b));
    return sum + ends.reduce((count, end, from) => count + ends.slice(from + 1).filter((one) => one < end).length, 0);
  }, 0);
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Moves each item as near to its neighbours as the order and the gaps allow. */
function placeLayer(layer: readonly Item[], neighboursOf: (item: Item) => readonly Item[]): void {
  // Neighbours in a layer that would overlap form a block, which stands at the mean of what its items wish.
  const blocks: { wishes: number[]; offsets: number[]; end: number }[] = [];
  for (const item of layer) {
    const wish = mean(neighboursOf(item).map(({ x }) => x)) ?? item.x;
    let block = { wishes: [wish], offsets: [item.anchor], end: item.width + gapX };
    for (let before = blocks.at(-1); before !== undefined && startOf(before) + before.end > startOf(block); ) {
      const { end } = before;
      block = {
        wishes: [...before.wishes, ...block.wishes],
        offsets: [...before.offsets, ...block.offsets.map((offset) => offset + end)],
        end: end + block.end,
      };
      blocks.pop();
      before = blocks.at(-1);
    }
    blocks.push(block);
  }
  const places = blocks.flatMap((block) => block.offsets.map((offset) => startOf(block) + offset));
  for (const [at, item] of layer.entries()) item.x = places[at] ?? 0;
}

function startOf({ wishes, offsets }: { readonly wishes: readonly number[]; readonly offsets: readonly number[] }) {
  return mean(wishes.map((wish, at) => wish - (offsets[at] ?? 0))) ?? 0;
}

/** The height of each layer: the centres from the top. */
function placeRows(layers: readonly (readonly Item[])[]): { readonly centres: readonly number[]; height: number } {
  let y = margin;
  const centres = layers.map((layer) => {
    const height = Math.max(0, ...layer.map((item) => item.height));
    const centre = y + height / 2;
    y += height + gapY;
    return Math.round(centre);
  });
  return { centres, height: Math.round(y - gapY) + margin };
}
