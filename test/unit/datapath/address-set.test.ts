import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as sets from "../../../src/datapath/address-set.ts";
import { numberAddress } from "../../../src/datapath/address-set.ts";

/** 256 addresses somewhere, so that a set of them is a list of bits; the slices at both ends have no neighbours. */
const slices = [
  { name: "the first of IPv4", bits: 32, start: 0n },
  { name: "the last of IPv4", bits: 32, start: (1n << 32n) - 256n },
  { name: "10.1.2.128 on", bits: 32, start: 0x0a010280n },
  { name: "the first of IPv6", bits: 128, start: 0n },
  { name: "the last of IPv6", bits: 128, start: (1n << 128n) - 256n },
] as const;

const runs = fc.array(fc.tuple(fc.nat(255), fc.nat(40)), { maxLength: 8 });

type Bits = readonly boolean[];
type Slice = (typeof slices)[number];

function bitsOf(list: readonly (readonly [number, number])[]): Bits {
  return Array.from({ length: 256 }, (_, at) => list.some(([from, length]) => from <= at && at <= from + length));
}

function setOf(list: readonly (readonly [number, number])[], { bits, start }: Slice): sets.AddressSet {
  const intervals = list.map(([from, length]) => ({
    from: start + BigInt(from),
    to: start + BigInt(Math.min(255, from + length)),
  }));
  return sets.unite(
    intervals.map((interval) => ({ bits, intervals: [interval] })),
    bits,
  );
}

function bitsIn(set: sets.AddressSet, { start }: Slice): Bits {
  return Array.from({ length: 256 }, (_, at) => sets.contains(set, start + BigInt(at)));
}

/** Sorted, none empty, none that touches the next. */
function isCanonical({ intervals }: sets.AddressSet): boolean {
  return intervals.every(({ from, to }, at) => {
    const next = intervals[at + 1];
    return from <= to && (next === undefined || to + 1n < next.from);
  });
}

/** How many blocks of a power of two, aligned, make up a list of bits. */
function blocks(bits: Bits): number {
  if (!bits.includes(true)) return 0;
  if (!bits.includes(false)) return 1;
  return blocks(bits.slice(0, bits.length / 2)) + blocks(bits.slice(bits.length / 2));
}

describe.each(slices)("sets of addresses, $name", (slice) => {
  const whole = setOf([[0, 255]], slice);

  test("unite, intersect, subtract and complement are those of bits", () => {
    fc.assert(
      fc.property(runs, runs, (one, other) => {
        const [a, b] = [setOf(one, slice), setOf(other, slice)];
        const [p, q] = [bitsOf(one), bitsOf(other)];
        const both = sets.intersect(a, b);
        const rest = sets.subtract(a, b);
        const others = sets.intersect(sets.complement(a), whole);
        const all = sets.unite([a, b], slice.bits);
        for (const set of [a, b, both, rest, others, all, sets.complement(a)]) expect(isCanonical(set)).toBe(true);
        expect(bitsIn(both, slice)).toEqual(p.map((bit, at) => bit && q[at]));
        expect(bitsIn(rest, slice)).toEqual(p.map((bit, at) => bit && !q[at]));
        expect(bitsIn(others, slice)).toEqual(p.map((bit) => !bit));
        expect(bitsIn(all, slice)).toEqual(p.map((bit, at) => bit || q[at]));
        expect(sets.sameSet(a, b)).toBe(p.every((bit, at) => bit === q[at]));
        expect(sets.isEmpty(a)).toBe(!p.includes(true));
        expect(sets.isSingle(a)).toBe(p.filter((bit) => bit).length === 1);
        expect(sets.sameSet(sets.complement(sets.complement(a)), a)).toBe(true);
        const first = p.indexOf(true);
        const address = numberAddress(slice.start + BigInt(Math.max(first, 0)), slice.bits);
        expect(sets.firstAddress(a)).toBe(first < 0 ? undefined : address);
      }),
    );
  });

  test("what is printed is the fewest CIDRs, and reads back as the same", () => {
    fc.assert(
      fc.property(runs, (list) => {
        const set = setOf(list, slice);
        const cidrs = sets.printCidrs(set);
        const read = cidrs.map((cidr) => sets.parseAddressSet(cidr)).filter((each) => each !== undefined);
        expect(read).toHaveLength(cidrs.length);
        expect(sets.sameSet(sets.unite(read, slice.bits), set)).toBe(true);
        // Slices begin at a multiple of 128 at least.
        expect(cidrs).toHaveLength(
          slice.start % 256n === 0n
            ? blocks(bitsOf(list))
            : blocks(bitsOf(list).slice(0, 128)) + blocks(bitsOf(list).slice(128)),
        );
      }),
    );
  });
});

test("everything, nothing and what is no address", () => {
  for (const bits of [32, 128] as const) {
    const everything = sets.everyAddress(bits);
    const nothing = sets.noAddress(bits);
    expect(sets.isEverything(everything)).toBe(true);
    expect(sets.complement(everything)).toEqual(nothing);
    expect(sets.complement(nothing)).toEqual(everything);
    expect(sets.printCidrs(everything)).toEqual([bits === 32 ? "0.0.0.0/0" : "::/0"]);
    expect(sets.printCidrs(nothing)).toEqual([]);
  }
  for (const text of [
    "",
    "/8",
    "10.0.0.0/33",
    "fd00::/129",
    "10.0.0.0/255.0.255.0",
    "node1",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
  ]) {
    expect(sets.parseAddressSet(text), text).toBeUndefined();
  }
  expect(sets.parseAddressSet("10.1.2.3/255.255.0.0")).toEqual(sets.parseAddressSet("10.1.0.0/16"));
});
