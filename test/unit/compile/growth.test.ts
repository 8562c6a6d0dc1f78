import { describe, expect, it } from "vitest";
import { compile } from "../../../src/index.ts";
import { makeState } from "../../harness/cluster-objects.ts";

interface Counts {
  readonly lines: number;
  readonly steps: number;
  readonly bytes: number;
}

function counts(services: number, endpoints: number): Counts {
  const { script } = compile(makeState({ services, endpoints }), { node: "node1" });
  const texts = script?.steps.map(({ stdin }) => new TextDecoder().decode(stdin)) ?? [];
  return {
    lines: texts.reduce((sum, text) => sum + text.split("\n").length - 1, 0),
    steps: texts.length,
    bytes: texts.reduce((sum, text) => sum + text.length, 0),
  };
}

/** Fixed: filter 12, nat 11, jumps 18 (each with its table and COMMIT), the sysctl. Per Service: SVC and its rule; per endpoint: 4 lines. */
const base = 42;

describe("growth", () => {
  it.each([1, 10, 100])("lines and steps of %i services are what the rules need", (services) => {
    const { lines, steps } = counts(services, 4);
    expect(lines).toBe(base + services * (2 + 4 * 4));
    expect(steps).toBe(3);
  });

  it("a thousand services are as many lines as a thousand times one, and less bytes once comments are left out", () => {
    const hundred = counts(100, 4);
    const thousand = counts(1000, 4);
    expect(thousand.lines).toBe(base + 1000 * (2 + 4 * 4));
    expect(thousand.steps).toBe(3);
    expect(thousand.bytes).toBeLessThan(10 * hundred.bytes);
  });

  it("bytes of 1, 10, 100 and 1,000 services are pinned", () => {
    expect([1, 10, 100, 1000].map((services) => counts(services, 4).bytes)).toMatchInlineSnapshot(`
      [
        4372,
        20977,
        189367,
        1319457,
      ]
    `);
  });
});
