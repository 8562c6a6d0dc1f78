import { expect, test } from "vitest";
import { type ExpectedSkips, unexpectedSkips } from "../../scripts/skip-reporter.ts";

const expected: readonly ExpectedSkips[] = [
  { reason: "no match ipvs", tests: 8, where: "kernel-lacks ipvs" },
  { reason: "it needs root", where: "not-root" },
  { reason: "not built" },
];
const on =
  (...facts: readonly string[]) =>
  (command: string) =>
    facts.includes(command);
const skipped = (reason: string, tests: number) => ({ reason, files: ["a.test.ts"], tests });

test.each([
  ["none", [], [], []],
  ["as many as expected", [skipped("no match ipvs in this kernel", 8)], ["kernel-lacks ipvs"], []],
  [
    "one more",
    [skipped("no match ipvs in this kernel", 9)],
    ["kernel-lacks ipvs"],
    ["9 tests skipped instead of 8: no match ipvs in this kernel"],
  ],
  [
    "where nothing is lacking",
    [skipped("it needs root", 300)],
    [],
    ["300 tests skipped (it needs root), but this machine does not lack that: not-root fails"],
  ],
  ["any number of whole files", [skipped("it needs root", 300), skipped("not built: run make", 2)], ["not-root"], []],
  [
    "for another reason",
    [skipped("no reason given: a test", 1)],
    ["not-root"],
    ["1 tests skipped that scripts/expected-skips.json does not expect: no reason given: a test"],
  ],
] as const)("%s", (_name, found, facts, problems) => {
  expect(unexpectedSkips(found, expected, on(...facts))).toEqual(problems);
});
