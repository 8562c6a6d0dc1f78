import { describe, expect, test } from "vitest";
import type { OwnedSet } from "../../../src/ir/owned.ts";
import { swapSetPrefix } from "../../../src/programs/kube-proxy/set-names.ts";
import { diffSets, planSets } from "../../../src/reconcile/plan-sets.ts";

const set = (entries: readonly string[], more: Partial<OwnedSet> = {}): OwnedSet => {
  const shape = more.shape ?? "hash:ip,port";
  return {
    name: "KUBE-CLUSTER-IP",
    shape,
    create: `create KUBE-CLUSTER-IP ${shape}`,
    isHeld: false,
    ...more,
    entries: new Set(entries),
  };
};
const sets = (one?: OwnedSet): ReadonlyMap<string, OwnedSet> => new Map(one === undefined ? [] : [[one.name, one]]);

/** What is added first, and what is removed last. */
function linesOf(desired?: OwnedSet, live?: OwnedSet): readonly [string, string] {
  const { make, remove } = planSets(diffSets(sets(desired), sets(live)));
  const text = (steps: typeof make): string => steps.map(({ stdin }) => stdin).join("");
  return [text(make), text(remove)];
}

describe("sets", () => {
  const [a, b] = ["10.96.0.1,tcp:80", "10.96.0.2,tcp:80"] as const;

  test.each([
    ["as desired", set([a]), set([a]), "", ""],
    ["absent", set([a]), undefined, `create KUBE-CLUSTER-IP hash:ip,port\nadd KUBE-CLUSTER-IP ${a}\n`, ""],
    ["with another entry", set([a]), set([b]), `add KUBE-CLUSTER-IP ${a}\n`, `del KUBE-CLUSTER-IP ${b}\n`],
    ["no longer desired", undefined, set([a]), "", "destroy KUBE-CLUSTER-IP\n"],
    ["no longer desired, and empty", undefined, set([]), "", "destroy KUBE-CLUSTER-IP\n"],
    ["held by foreign rules", undefined, set([a], { isHeld: true }), "", "flush KUBE-CLUSTER-IP\n"],
    ["held by foreign rules, and empty", undefined, set([], { isHeld: true }), "", ""],
  ])("%s", (_case, desired, live, ...lines) => {
    expect(linesOf(desired, live)).toEqual(lines);
  });

  /** What an earlier run left in the set to swap with must not come into use. */
  test("of another shape: replaced by a swap with a set that is emptied first", () => {
    const [make, remove] = linesOf(set([a], { shape: "hash:ip,port family inet6" }), set([a, b]));
    const other = `${swapSetPrefix}0`;
    expect(make.split("\n")).toEqual([
      `create ${other} hash:ip,port family inet6`,
      `flush ${other}`,
      `add ${other} ${a}`,
      `swap ${other} KUBE-CLUSTER-IP`,
      `destroy ${other}`,
      "",
    ]);
    expect(remove).toBe("");
  });
});
