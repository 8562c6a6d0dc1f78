import { expect, test } from "vitest";
import { findInTexts } from "../../harness/find-faults.ts";

const filter = (...lines: readonly string[]): string =>
  ["*filter", ":INPUT ACCEPT [0:0]", ...lines, "COMMIT", ""].join("\n");
const find = (text: string): readonly string[] => findInTexts({ rules: text });

test("a loop as deep as a text is long, and one of a chain by itself", () => {
  const deep = Array.from({ length: 30_000 }, (_, n) => [`:C${n} - [0:0]`, `-A C${n} -j C${(n + 1) % 30_000}`]).flat();
  expect(
    find(filter(...deep.filter((line) => line.startsWith(":")), ...deep.filter((line) => line.startsWith("-")))),
  ).toHaveLength(1);
  expect(find(filter(":A - [0:0]", "-A A -j A"))).toEqual(["chain-loop rules:4"]);
});

test("an unreachable rule is found among many in little time", () => {
  const many = Array.from(
    { length: 20_000 },
    (_, n) => `-A INPUT -d 10.0.${n >> 8}.${n & 255}/32 -p tcp -m tcp --dport 80 -j ACCEPT`,
  );
  const start = performance.now();
  expect(find(filter(...many, "-A INPUT -d 10.0.3.7/32 -p tcp -m tcp --dport 80 -j DROP"))).toEqual([
    "rule-unreachable rules:20003",
  ]);
  expect(performance.now() - start).toBeLessThan(10_000);
});
