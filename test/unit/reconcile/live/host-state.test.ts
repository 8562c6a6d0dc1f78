import { describe, expect, it } from "vitest";
import { rulesetCommand } from "../../../../src/languages/nftables/language.ts";
import { collectedDocument } from "../../../../src/reconcile/live/collected-document.ts";
import { parseHostState } from "../../../../src/reconcile/live/host-state.ts";

describe("tables of nftables", () => {
  const problemsOf = (listing: string) =>
    parseHostState(collectedDocument({ texts: { [rulesetCommand]: listing }, failures: {} })).problems;
  const table = (name: string, ...lines: readonly string[]) => `table ip ${name} {\n${lines.join("\n")}\n}\n`;
  const strange = "\tfrobnicate 5";

  it.each([
    ["of other programs may hold anything", table("mine", strange), []],
    ["of ours may not", table("kube-proxy", strange), [2]],
    ["of ours may not, behind others", table("mine", strange) + table("kube-proxy", strange), [5]],
    ["that stand in none may not", `frobnicate\n${table("mine")}`, [1]],
    ["of other programs may hide ours when they are cut off", "table ip mine {\n\tchain a {\n", [2, 1]],
    ["of ours may not be cut off", `${table("mine", strange)}table ip kube-proxy {\n`, [4]],
  ])("%s", (_case, listing, lines) => {
    const problems = problemsOf(listing).filter(({ heading }) => heading === rulesetCommand);
    expect(problems.map(({ line }) => line)).toEqual(lines);
  });
});
