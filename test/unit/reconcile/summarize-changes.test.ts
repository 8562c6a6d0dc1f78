import { expect, it } from "vitest";
import type { Changes } from "../../../src/reconcile/plan-changes.ts";
import { summarizeChanges } from "../../../src/reconcile/summarize-changes.ts";

const nothing: Changes = {
  chains: [],
  tables: [],
  sets: [],
  servers: [],
  addresses: { missing: [], extra: [] },
  sysctls: new Map(),
  counters: { missing: [], extra: [] },
  flows: [],
} as unknown as Changes;

it.each([
  [
    "is removed, though a setting is reset",
    { sysctls: new Map([["a", "0"]]), counters: { missing: [], extra: ["c"] } },
    "remove",
  ],
  ["is added, where only a setting is made", { sysctls: new Map([["a", "1"]]) }, "add"],
  ["changes", { counters: { missing: ["d"], extra: ["c"] } }, "change"],
])("what %s", (_, changes, kind) => {
  const found = summarizeChanges(
    { ...nothing, ...changes } as Changes,
    () => "all",
    () => undefined,
  );
  expect(found.map((one) => one.kind)).toEqual([kind]);
});
