import { describe, expect, it } from "vitest";
import { everyAddress, parseAddressSet } from "../../../src/datapath/address-set.ts";
import { classesOf } from "../../../src/datapath/classes.ts";
import type { Outcome } from "../../../src/datapath/packet.ts";
import { everything } from "../../../src/datapath/share.ts";
import { type Chains, createNumbering, meaningOfChains } from "../../../src/diff/changed-chains.ts";
import { foldDestinations } from "../../../src/diff/destinations/fold-destinations.ts";
import type { Destination } from "../../../src/diff/destinations/referenced-destinations.ts";
import { diffLines } from "../../../src/diff/diff-rules.ts";
import type { TrafficChange } from "../../../src/diff/traffic-diff.ts";
import type { LoadedChain } from "../../../src/ir/datapath.ts";

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** An object that counts how often a property of it is read. */
function counted<Value extends object>(value: Value, property: keyof Value, count: () => void): Value {
  return Object.defineProperty({ ...value }, property, {
    enumerable: true,
    get: () => {
      count();
      return value[property];
    },
  });
}

/** Work on twice as much is at most so many times the work: n log n, with room. */
const mostGrowth = 2.6;

function expectGrowth(workOn: (size: number) => number, size: number): void {
  const [one, two, four] = [workOn(size), workOn(2 * size), workOn(4 * size)];
  expect(two / one).toBeLessThan(mostGrowth);
  expect(four / two).toBeLessThan(mostGrowth);
}

describe("work that grows no faster than the input", () => {
  it("classes of sources, when each rule drops another one", () => {
    const workOn = (size: number): number => {
      let reads = 0;
      const outcomes = numbers(size).map((n): Outcome => {
        const sources = parseAddressSet(`10.0.${n >> 8}.${n & 255}`) ?? everyAddress(32);
        const verdict = { kind: n % 2 === 0 ? "dropped" : "rejected" } as Outcome["verdict"];
        const counting = counted(sources, "intervals", () => {
          reads += 1;
        });
        return { sources: counting, verdict, share: everything, assumptions: [], masqueraded: false } as never;
      });
      expect(classesOf(outcomes)).toHaveLength(2);
      return reads;
    };
    expectGrowth(workOn, 500);
  });

  it.each<readonly [string, (n: number, size: number) => readonly string[]]>([
    ["chains that call the next one twice", (n) => [`-A C${n} -s 10.0.0.1/32 -j C${n + 1}`, `-A C${n} -j C${n + 1}`]],
    ["chains in chains", (n) => [`-A C${n} -j C${n + 1}`]],
    [
      "chains that call all that follow",
      (n, size) => (n > size - 3 ? [`-A C${n} -j DROP`] : numbers(3).map((step) => `-A C${n} -j C${n + step + 1}`)),
    ],
    ["chains in a circle", (n, size) => [`-A C${n} -j C${(n + 1) % size}`]],
  ])("the meaning of %s", (_, linesOf) => {
    const workOn = (size: number): number => {
      let reads = 0;
      const chains: Chains = new Map(
        numbers(size).map((n) => {
          const chain = { name: `C${n}`, lines: linesOf(n, size), policy: undefined } as unknown as LoadedChain;
          return [
            `C${n}`,
            counted(chain, "lines", () => {
              reads += 1;
            }),
          ] as const;
        }),
      );
      let characters = 0;
      const numberOf = createNumbering();
      const meaning = meaningOfChains(chains, (text) => {
        characters += text.length;
        return numberOf(text);
      });
      for (const name of chains.keys()) meaning(name);
      return reads + characters;
    };
    expectGrowth(workOn, 200);
  });

  it("chains that do the same have the same number, on both sides", () => {
    const sideOf = (prefix: string): Chains =>
      new Map(
        numbers(40).map((n) => {
          const name = `${prefix}${n}`;
          const lines =
            n === 39
              ? [`-A ${name} -j DROP`]
              : [`-A ${name} -s 10.0.0.1/32 -j ${prefix}${n + 1}`, `-A ${name} -j ${prefix}${n + 1}`];
          return [name, { name, lines, policy: undefined } as unknown as LoadedChain];
        }),
      );
    const numberOf = createNumbering();
    const [one, other] = [meaningOfChains(sideOf("A"), numberOf), meaningOfChains(sideOf("B"), numberOf)];
    expect(one("A0")).toBe(other("B0"));
    expect(one("A0")).not.toBe(other("B1"));
  });

  it.each<readonly [string, (size: number) => readonly [string[], string[]]]>([
    [
      "all different",
      (size) => [numbers(size).map((n) => `-A X -s ${n} -j A`), numbers(size).map((n) => `-A X -d ${n} -j A`)],
    ],
    ["all equal", (size) => [Array(size).fill("-A X -j A"), Array(size).fill("-A X -j A")]],
    [
      "in reverse",
      (size) => [numbers(size).map((n) => `-A X -s ${n} -j A`), numbers(size).map((n) => `-A X -s ${size - n} -j A`)],
    ],
  ])("the lines of a chain, %s", (_, linesOf) => {
    const workOn = (size: number): number => {
      const [before, after] = linesOf(size);
      let renames = 0;
      diffLines(before, after, (line) => {
        renames += 1;
        return line;
      });
      return renames;
    };
    expectGrowth(workOn, 2000);
  });

  it("groups of regions that change in different ways", () => {
    const workOn = (size: number): number => {
      let reads = 0;
      const destinations = numbers(size).map((n): Destination => {
        const network = `10.${n >> 8}.${n & 255}.0/24`;
        const destination: Destination = {
          kind: "elsewhere",
          address: `10.${n >> 8}.${n & 255}.1`,
          port: 80,
          protocol: "tcp",
          state: "NEW",
          network,
        };
        return counted(destination, "address", () => {
          reads += 1;
        });
      });
      const found = destinations.map((destination, n) => ({
        destination,
        change: { headline: `${n}` } as unknown as TrafficChange,
      }));
      expect(foldDestinations(found, { destinations, nodeAddresses: [] })).toHaveLength(size);
      return reads;
    };
    expectGrowth(workOn, 500);
  });
});
