import fc from "fast-check";
import { expect, test } from "vitest";
import * as shares from "../../../src/datapath/share.ts";

/** A fraction as two whole numbers, in lowest terms, worked out apart. */
type Fraction = readonly [bigint, bigint];

const part = fc.tuple(fc.bigInt(0n, 1n << 62n), fc.bigInt(1n, 1n << 62n));
const small = fc.tuple(fc.bigInt(0n, 12n), fc.bigInt(1n, 12n));
const anyPart = fc.oneof(part, small);

function lowest([numerator, denominator]: Fraction): Fraction {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  return [numerator / a, denominator / a];
}

const shareOf = ([numerator, denominator]: Fraction): shares.Share => ({ numerator, denominator });
const fractionOf = ({ numerator, denominator }: shares.Share): Fraction => lowest([numerator, denominator]);

test("sums, differences and products are those of fractions", () => {
  fc.assert(
    fc.property(anyPart, anyPart, (p, q) => {
      const [a, b] = [shareOf(p), shareOf(q)];
      expect(fractionOf(shares.plus(a, b))).toEqual(lowest([p[0] * q[1] + q[0] * p[1], p[1] * q[1]]));
      expect(fractionOf(shares.minus(a, b))).toEqual(lowest([p[0] * q[1] - q[0] * p[1], p[1] * q[1]]));
      expect(fractionOf(shares.times(a, b))).toEqual(lowest([p[0] * q[0], p[1] * q[1]]));
      expect(shares.times(shares.everything, a)).toEqual(a);
      expect(shares.reduced(a)).toEqual(shareOf(lowest(p)));
      expect(shares.share(p[0], p[1])).toEqual(shareOf(lowest(p)));
      expect(shares.sameShare(a, b)).toBe(String(lowest(p)) === String(lowest(q)));
      expect(shares.isNothing(a)).toBe(p[0] === 0n);
      expect(fractionOf(shares.total([a, b, a]))).toEqual(lowest([2n * p[0] * q[1] + q[0] * p[1], p[1] * q[1]]));
    }),
  );
});

test("near is near: at most so many of 2^31 apart, whichever is greater", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.integer({ min: -9, max: 9 }), fc.nat(9), (threshold, away, bits) => {
      const [a, b] = [shares.chanceOf(threshold), shares.chanceOf(threshold + away)];
      expect(shares.nearShare(a, b, bits)).toBe(Math.abs(away) <= bits);
    }),
  );
});

test("n endpoints by the thresholds of kube-proxy have shares that sum to one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (count) => {
      let rest = shares.everything;
      const parts: shares.Share[] = [];
      for (let left = count; left > 1; left -= 1) {
        const chance = shares.chanceOf(Math.round(2 ** 31 / left));
        parts.push(shares.times(rest, chance));
        rest = shares.times(rest, shares.minus(shares.everything, chance));
      }
      expect(shares.sameShare(shares.total([...parts, rest]), shares.everything)).toBe(true);
      for (const each of parts) expect(shares.nearShare(each, shares.share(1, count), count)).toBe(true);
    }),
  );
});

test("what is not nothing is never printed as 0%, what is not everything never as 100%", () => {
  fc.assert(
    fc.property(anyPart, ([a, b]) => {
      const value = a <= b ? shares.share(a, b) : shares.share(b, a);
      const text = shares.printPercent(value);
      expect(text === "0%").toBe(value.numerator === 0n);
      expect(text === "100%").toBe(shares.sameShare(value, shares.everything));
      expect(text).toMatch(/^(?:[<>]? ?\d{1,3}(?:\.\d)?%)$/);
      expect(shares.printFraction(value)).toBe(
        value.denominator === 1n ? `${value.numerator}` : `${value.numerator}/${value.denominator}`,
      );
    }),
    { examples: [[[1n, 1n << 62n]], [[(1n << 62n) - 1n, 1n << 62n]], [[1n, 2001n]], [[1999n, 2000n]], [[1n, 2000n]]] },
  );
});

test("a printed fraction is read as the same share", () => {
  fc.assert(
    fc.property(anyPart, (p) => {
      expect(shares.parseFraction(shares.printFraction(shareOf(p)))).toEqual(shareOf(lowest(p)));
    }),
  );
});
