import { describe, expect, it } from "vitest";
import { type BoxEdge, type BoxNode, layOut } from "../../../src/report/explain/graph-layout.ts";
import { drawGraph } from "../../../src/report/explain/graph-picture.ts";

const node = (id: string): BoxNode => ({ id, width: 100, height: 20 });
const edge = (ends: string): BoxEdge => ({ from: ends.charAt(0), to: ends.charAt(1), width: 60, height: 15 });

function laidOut(nodes: string, edges: string) {
  return layOut([...nodes].map(node), edges.split(" ").filter(Boolean).map(edge));
}

describe("the layout of a graph", () => {
  it.each([
    ["one box", "a", ""],
    ["a line", "abc", "ab bc"],
    ["a fork that joins", "abcd", "ab ac bd cd"],
    ["edges over several layers", "abcde", "ab bc cd ad ae be"],
    ["two parts", "abcd", "ab cd"],
    ["many below one", "abcdefghi", "ab ac ad ae af ag ah ai"],
    ["a loop", "abc", "ab bc ca"],
    ["an edge to itself", "ab", "aa ab"],
  ])("covers no box with another, and leads down: %s", (_, nodes, edges) => {
    const { nodes: places, ways, width, height } = laidOut(nodes, edges);
    const boxes = [...places.values()];
    expect(boxes).toHaveLength(nodes.length);
    for (const [at, { x, y }] of boxes.entries()) {
      expect(x - 50).toBeGreaterThanOrEqual(0);
      expect(x + 50).toBeLessThanOrEqual(width);
      expect(y + 10).toBeLessThanOrEqual(height);
      for (const other of boxes.slice(at + 1)) {
        const isBeside = Math.abs(x - other.x) >= 100 || Math.abs(y - other.y) >= 20;
        expect(isBeside, `${nodes}: ${x},${y} and ${other.x},${other.y}`).toBe(true);
      }
    }
    for (const way of ways.filter(({ length }) => length > 2))
      for (const [at, point] of way.entries()) if (at > 0) expect(point.y).toBeGreaterThan(way[at - 1]?.y ?? 0);
  });

  it("puts a box below the boxes that lead to it, and leaves room for labels", () => {
    const { nodes: places, ways } = laidOut("abc", "ab bc ac");
    const [a, b, c] = ["a", "b", "c"].map((id) => places.get(id)?.y ?? 0);
    expect([a, b, c].toSorted((one, other) => (one ?? 0) - (other ?? 0))).toEqual([a, b, c]);
    const labels = ways.map((way) => way[1]).filter((point) => point !== undefined);
    const [first, , third] = labels;
    // In the same layer, the label of a-c has its 60 beside that of a-b.
    expect(first?.y).toBe(third?.y);
    expect(Math.abs((first?.x ?? 0) - (third?.x ?? 0))).toBeGreaterThanOrEqual(60);
  });

  it("divides ways that need not cross", () => {
    const { nodes: places } = laidOut("abcd", "ad bc");
    const at = (id: string): number => places.get(id)?.x ?? 0;
    expect(at("a") < at("b")).toBe(at("d") < at("c"));
  });
});

describe("the picture of a graph", () => {
  const share = undefined;
  const nodes = [
    { id: "1", label: "nat PREROUTING", kind: "entry" as const },
    { id: "2", label: "ip kube-proxy service-SFDBSQB2-shop/frontend/tcp/http", kind: "chain" as const },
  ];

  it("breaks long labels, and joins edges between the same boxes", () => {
    const edges = [
      { from: "1", to: "2", words: "from 10.0.0.0/16", share },
      { from: "1", to: "2", words: "from an address of this node", share },
    ];
    const text = drawGraph({ nodes, edges, more: 0 });
    expect(text.match(/<path/g)).toHaveLength(1);
    const lines = [...text.matchAll(/<tspan[^>]*>([^<]*)</g)].map(([, line]) => line);
    expect(lines).toEqual([
      "from 10.0.0.0/16",
      "or from an address of",
      "this node",
      "nat PREROUTING",
      "ip kube-proxy service-SFDBSQB2-",
      "shop/frontend/tcp/http",
    ]);
  });

  it("says how much it leaves out, and makes no markup of names", () => {
    const hostile = '"><script>alert(1)</script>\u001b[31m&';
    const [first] = nodes;
    const graph = { nodes: [{ ...first, id: "1", kind: "map" as const, label: hostile }], edges: [], more: 3 };
    const text = drawGraph(graph);
    expect(text).toContain("and 3 more");
    expect(text).not.toContain("<script");
    expect(text).not.toContain("\u001b");
  });
});
