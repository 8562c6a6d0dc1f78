import fc from "fast-check";
import { expect, test } from "vitest";
import { countBefore, createOrderedCounts, setCount } from "../../../src/incremental/reference-counts.ts";

const key = fc.nat(3000).map((number) => `s-${number}`);

test("counts what stands before a key, whatever came and went", () => {
  const property = fc.property(
    fc.array(fc.tuple(key, fc.nat(3)), { maxLength: 3000, size: "max" }),
    key,
    (sets, asked) => {
      const counts = createOrderedCounts();
      const expected = new Map<string, number>();
      for (const [name, count] of sets) {
        setCount(counts, name, count);
        expected.set(name, count);
      }
      for (const one of [asked, "", "t", ...[...expected.keys()].slice(0, 50)]) {
        const before = [...expected].filter(([name]) => name < one).reduce((sum, [, count]) => sum + count, 0);
        expect(countBefore(counts, one)).toBe(before);
      }
    },
  );
  fc.assert(property, { numRuns: 30, seed: 1 });
});
