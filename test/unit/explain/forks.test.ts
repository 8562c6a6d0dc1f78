import { describe, expect, it } from "vitest";
import { readTexts } from "../../../src/explain/texts.ts";
import type { Share } from "../../../src/languages/text-reader.ts";
import { printDot, printMermaid } from "../../../src/report/explain/graph.ts";

describe("shares at a fork", () => {
  const chain = (...probabilities: (string | undefined)[]): readonly (Share | undefined)[] => {
    const rules = probabilities.map(
      (p) => `-A A ${p === undefined ? "" : `-m statistic --mode random --probability ${p} `}-j B`,
    );
    const text = `*nat\n:A - [0:0]\n${rules.join("\n")}\nCOMMIT\n`;
    const [made] = readTexts([{ language: "iptables", family: "ipv4", file: "x", text, origins: [] }]).chains;
    return (made?.rules ?? []).map(({ share }) => share);
  };

  it("are exact", () => {
    expect(chain("0.33333333349", "0.50000000000", undefined).map((share) => share?.exact)).toEqual([
      "715827883/2147483648",
      "1431655765/4294967296",
      "1431655765/4294967296",
    ]);
  });

  it("show a last rule that lets some through", () => {
    const shares = chain("0.50000000000", "0.50000000000");
    expect(shares.reduce((sum, share) => sum + (share?.part ?? 0), 0)).toBe(0.75);
  });

  it("of very many draws are still told, if not exactly", () => {
    const shares = chain(...Array.from({ length: 1000 }, () => "0.00100000000"));
    expect(shares[999]?.part).toBeGreaterThan(0);
    expect(shares[999]?.exact).toBeUndefined();
  });
});

it("hostile names break out of no picture", () => {
  const hostile = '"]; click n0 "javascript:alert(1)" --> end \\ \u001b[31m <b>';
  const graph = {
    nodes: [{ id: "a", label: hostile, kind: "chain" as const }],
    edges: [{ from: "a", to: "a", words: hostile, share: undefined }],
    more: 0,
  };
  const [, label = ""] = /\["([^"]*)"\]/.exec(printMermaid(graph)) ?? [];
  expect(label).toMatch(/^[A-Za-z0-9 .,:/_()%#;-]*$/);
  expect(printMermaid(graph).split("\n")).toHaveLength(4);
  const dot = printDot(graph);
  expect(dot).toContain('[label="\\"]; click n0 \\"javascript:alert(1)\\" --> end \\\\ \\\\u001b[31m <b>"');
  expect(dot.split("\n")).toHaveLength(7);
});
