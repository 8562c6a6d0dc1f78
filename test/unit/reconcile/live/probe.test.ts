import { expect, it } from "vitest";
import { parseProbe, printProbe } from "../../../../src/reconcile/live/probe.ts";

const features = [
  { name: "match a", commands: ["make x", "try a"] },
  { name: "match b", commands: ["try b"] },
  { name: "match c", commands: ["try c"] },
] as const;

it("a probe tries the last command of each feature, behind the others", () => {
  expect(printProbe(features.slice(0, 2)).split("\n")).toEqual([
    "export XTABLES_LOCKFILE=/dev/null",
    "make x >/dev/null 2>&1 || :",
    'if said=$(try a 2>&1); then echo 0 ok; else echo 0 no; echo "$said"; fi',
    'if said=$(try b 2>&1); then echo 1 ok; else echo 1 no; echo "$said"; fi',
    "",
  ]);
});

it.each([
  ["all are there", "0 ok\n1 ok\n2 ok\n", []],
  ["one is not", "0 ok\n1 no\nno such match\n  at all \n2 ok\n", [["match b", "no such match; at all"]]],
  ["one says nothing", "0 ok\n1 no\n2 ok\n", [["match b", ""]]],
  ["it ended early", "0 ok\n1 ok\n", [["match c", "the probe ended before this check"]]],
  ["it said nothing", "", ["a", "b", "c"].map((name) => [`match ${name}`, "the probe ended before this check"])],
])("what a probe prints: %s", (_case, output, missing) => {
  expect(parseProbe(features, output).map(({ name, message }) => [name, message])).toEqual(missing);
});
